// A matrix product in HIVM: fractals in L1 and L0C.
// RUN: xdsl-opt --print-op-generic %s | xdsl-opt --print-op-generic | filecheck %s

#map = affine_map<(d0) -> ((d0 floordiv 2) * 16)>
#map1 = affine_map<(d0) -> ((d0 mod 2) * 16)>
"builtin.module"() ({
  "func.func"() <{function_type = (memref<32x32xf16, #hivm.address_space<gm>>, memref<32x32xf16, #hivm.address_space<gm>>, memref<32x32xf32, #hivm.address_space<gm>>) -> (), sym_name = "matmul_0"}> ({
  ^bb0(%arg0: memref<32x32xf16, #hivm.address_space<gm>>, %arg1: memref<32x32xf16, #hivm.address_space<gm>>, %arg2: memref<32x32xf32, #hivm.address_space<gm>>):
      // CHECK: "hivm.hir.get_block_idx"()
    %0 = "hivm.hir.get_block_idx"() : () -> i64
    %1 = "arith.index_cast"(%0) : (i64) -> index
    %2 = "arith.constant"() <{value = 4 : index}> : () -> index
    %3 = "arith.constant"() <{value = 4 : index}> : () -> index
    "scf.for"(%1, %3, %2) ({
    ^bb0(%arg3: index):
      %4 = "affine.apply"(%arg3) <{map = #map}> : (index) -> index
      %5 = "affine.apply"(%arg3) <{map = #map1}> : (index) -> index
      %6 = "memref.alloc"() <{operandSegmentSizes = array<i32: 0, 0>}> : () -> memref<1x1x16x16xf32, #hivm.address_space<cc>>
      %7 = "memref.subview"(%arg0, %4) <{operandSegmentSizes = array<i32: 1, 1, 0, 0>, static_offsets = array<i64: -9223372036854775808, 0>, static_sizes = array<i64: 16, 32>, static_strides = array<i64: 1, 1>}> : (memref<32x32xf16, #hivm.address_space<gm>>, index) -> memref<16x32xf16, strided<[32, 1], offset: ?>, #hivm.address_space<gm>>
      %8 = "memref.alloc"() <{operandSegmentSizes = array<i32: 0, 0>}> : () -> memref<2x1x16x16xf16, #hivm.address_space<cbuf>>
      // CHECK: "hivm.hir.nd2nz"({{.*}}) <{dst_continuous, init_out_buffer = false, operandSegmentSizes = array<i32: 1, 1, 0, 0>}>
      "hivm.hir.nd2nz"(%7, %8) <{dst_continuous, init_out_buffer = false, operandSegmentSizes = array<i32: 1, 1, 0, 0>}> : (memref<16x32xf16, strided<[32, 1], offset: ?>, #hivm.address_space<gm>>, memref<2x1x16x16xf16, #hivm.address_space<cbuf>>) -> ()
      %9 = "memref.subview"(%arg1, %5) <{operandSegmentSizes = array<i32: 1, 1, 0, 0>, static_offsets = array<i64: -9223372036854775808, 0>, static_sizes = array<i64: 16, 32>, static_strides = array<i64: 1, 1>}> : (memref<32x32xf16, #hivm.address_space<gm>>, index) -> memref<16x32xf16, strided<[32, 1], offset: ?>, #hivm.address_space<gm>>
      %10 = "memref.alloc"() <{operandSegmentSizes = array<i32: 0, 0>}> : () -> memref<2x1x16x16xf16, #hivm.address_space<cbuf>>
      // CHECK: "hivm.hir.nd2nz"({{.*}}) <{dst_continuous, init_out_buffer = false, operandSegmentSizes = array<i32: 1, 1, 0, 0>}>
      "hivm.hir.nd2nz"(%9, %10) <{dst_continuous, init_out_buffer = false, operandSegmentSizes = array<i32: 1, 1, 0, 0>}> : (memref<16x32xf16, strided<[32, 1], offset: ?>, #hivm.address_space<gm>>, memref<2x1x16x16xf16, #hivm.address_space<cbuf>>) -> ()
      %11 = "arith.constant"() <{value = true}> : () -> i1
      %12 = "arith.constant"() <{value = 16 : index}> : () -> index
      %13 = "arith.constant"() <{value = 32 : index}> : () -> index
      %14 = "arith.constant"() <{value = 16 : index}> : () -> index
      // CHECK: "hivm.hir.mmadL1"({{.*}}) <{b_transpose, operandSegmentSizes = array<i32: 1, 1, 1, 1, 1, 1, 1, 0, 0, 0>}>
      "hivm.hir.mmadL1"(%8, %10, %11, %12, %13, %14, %6) <{b_transpose, operandSegmentSizes = array<i32: 1, 1, 1, 1, 1, 1, 1, 0, 0, 0>}> : (memref<2x1x16x16xf16, #hivm.address_space<cbuf>>, memref<2x1x16x16xf16, #hivm.address_space<cbuf>>, i1, index, index, index, memref<1x1x16x16xf32, #hivm.address_space<cc>>) -> ()
      %15 = "memref.subview"(%arg2, %4, %5) <{operandSegmentSizes = array<i32: 1, 2, 0, 0>, static_offsets = array<i64: -9223372036854775808, -9223372036854775808>, static_sizes = array<i64: 16, 16>, static_strides = array<i64: 1, 1>}> : (memref<32x32xf32, #hivm.address_space<gm>>, index, index) -> memref<16x16xf32, strided<[32, 1], offset: ?>, #hivm.address_space<gm>>
      // CHECK: "hivm.hir.fixpipe"({{.*}}) <{dma_mode = #hivm.dma_mode<nz2nd>, operandSegmentSizes = array<i32: 1, 1, 0, 0>}>
      "hivm.hir.fixpipe"(%6, %15) <{dma_mode = #hivm.dma_mode<nz2nd>, operandSegmentSizes = array<i32: 1, 1, 0, 0>}> : (memref<1x1x16x16xf32, #hivm.address_space<cc>>, memref<16x16xf32, strided<[32, 1], offset: ?>, #hivm.address_space<gm>>) -> ()
      "scf.yield"() : () -> ()
    }) : (index, index, index) -> ()
    "func.return"() : () -> ()
  }) {hacc.entry, hacc.function_kind = #hacc.function_kind<DEVICE>, hivm.func_core_type = #hivm.func_core_type<AIC>} : () -> ()
}) : () -> ()

