// Kernels on both kinds of cores become a function for each; stages of one launch become one.
// RUN: xdsl-opt %s -p convert-npu-to-hivm | filecheck %s
// RUN: xdsl-opt %s -p "convert-npu-to-hivm{planned=true}" | filecheck %s --check-prefix PLANNED

// Three stages on vector cores. The address of flags comes first, then what is read, then what is written. Only the first of
// two blocks has a second stage. All pipes finish before the barrier, and the scalar unit issues nothing before all cores came.
// CHECK: func.func @launch_0(%ffts: i64 {hacc.arg_type = #hacc.arg_type<ffts_base_address>}, %x: memref<2x64xf32, #hivm.address_space<gm>>, %y: memref<2x64xf32, #hivm.address_space<gm>>, %y_1: memref<2x64xf32, #hivm.address_space<gm>>, %{{.*}}: memref<2x64xf32, #hivm.address_space<gm>>) attributes {hacc.entry, hacc.function_kind = #hacc.function_kind<DEVICE>, hacc.block_dim = 2 : i64, hivm.func_core_type = #hivm.func_core_type<AIV>} {
// CHECK-NEXT: "hivm.hir.set_ffts_base_addr"(%ffts)
// CHECK: "hivm.hir.load"
// CHECK: "hivm.hir.sync_block"() <{sync_block_mode = #hivm.sync_block_mode<ALL_VECTOR>, flag_id = 12 : i16, tvector_pipe = #hivm.pipe<PIPE_ALL>}>
// CHECK: arith.cmpi ult
// CHECK-NEXT: scf.if
// CHECK: "hivm.hir.load"
// CHECK-NOT: "hivm.hir.sync_block"
// CHECK: "hivm.hir.load"
// CHECK: func.return
// Where our addresses are kept, a stage takes the memory of the one before it: all pipes finish between them.
// PLANNED: func.func @launch_0
// PLANNED: "hivm.hir.pipe_barrier"() <{pipe = #hivm.pipe<PIPE_ALL>}>
// PLANNED-NEXT: "hivm.hir.sync_block"
// PLANNED: "hivm.hir.pipe_barrier"() <{pipe = #hivm.pipe<PIPE_ALL>}>
func.func @stages(%x: tensor<2x64xf32>) -> (tensor<2x64xf32>, tensor<2x64xf32>) {
  %y = npu.launch @rows(%x) : (tensor<2x64xf32>) -> tensor<2x64xf32>
  %z = npu.launch @one(%y) joins <barrier> : (tensor<2x64xf32>) -> tensor<2x64xf32>
  %w = npu.launch @rows(%x) joins <free> : (tensor<2x64xf32>) -> tensor<2x64xf32>
  func.return %z, %w : tensor<2x64xf32>, tensor<2x64xf32>
}

npu.kernel @rows ins(%x: memref<2x64xf32, #npu.scope<global>>) outs(%y: memref<2x64xf32, #npu.scope<global>>) on <vector> blocks 2 target "ascend910b1" {
  %i = npu.block_idx : index
  %b = npu.alloc : memref<1x64xf32, #npu.scope<ub>>
  %g = memref.subview %x[%i, 0] [1, 64] [1, 1] : memref<2x64xf32, #npu.scope<global>> to memref<1x64xf32, strided<[64, 1], offset: ?>, #npu.scope<global>>
  npu.load %g into %b : memref<1x64xf32, strided<[64, 1], offset: ?>, #npu.scope<global>> into memref<1x64xf32, #npu.scope<ub>>
  %h = memref.subview %y[%i, 0] [1, 64] [1, 1] : memref<2x64xf32, #npu.scope<global>> to memref<1x64xf32, strided<[64, 1], offset: ?>, #npu.scope<global>>
  npu.store %b into %h : memref<1x64xf32, #npu.scope<ub>> into memref<1x64xf32, strided<[64, 1], offset: ?>, #npu.scope<global>>
}

npu.kernel @one ins(%x: memref<2x64xf32, #npu.scope<global>>) outs(%y: memref<2x64xf32, #npu.scope<global>>) on <vector> blocks 1 target "ascend910b1" {
  %b = npu.alloc : memref<2x64xf32, #npu.scope<ub>>
  npu.load %x into %b : memref<2x64xf32, #npu.scope<global>> into memref<2x64xf32, #npu.scope<ub>>
  npu.store %b into %y : memref<2x64xf32, #npu.scope<ub>> into memref<2x64xf32, #npu.scope<global>>
}

// A product whose elements the two vector cores of each block take: a flag says that the product is there, and on which pipes
// its ends are. A vector core's number is twice that of the block and its own in it.
// CHECK: func.func @product_mix_aic({{.*}}) attributes {hacc.entry, hacc.function_kind = #hacc.function_kind<DEVICE>, hacc.block_dim = 1 : i64, hivm.func_core_type = #hivm.func_core_type<AIC>, hivm.part_of_mix, mix_mode = "mix"} {
// CHECK: "hivm.hir.fixpipe"
// CHECK-NEXT: "hivm.hir.sync_block_set"() <{tcore_type = #hivm.tcore_type<CUBE>, tpipe = #hivm.pipe<PIPE_FIX>, pipe = #hivm.pipe<PIPE_MTE2>, static_flag_id = 0 : i64, operandSegmentSizes = array<i32: 0, 0>}>
// CHECK: func.func @product_mix_aiv({{.*}}hivm.func_core_type = #hivm.func_core_type<AIV>, hivm.part_of_mix, mix_mode = "mix"} {
// CHECK: [[BLOCK:%.*]] = "hivm.hir.get_block_idx"() : () -> i64
// CHECK-NEXT: [[TWO:%.*]] = arith.constant 2 : i64
// CHECK-NEXT: [[FIRST:%.*]] = arith.muli [[BLOCK]], [[TWO]] : i64
// CHECK-NEXT: [[OWN:%.*]] = "hivm.hir.get_sub_block_idx"() : () -> i64
// CHECK-NEXT: arith.addi [[FIRST]], [[OWN]] : i64
// CHECK: "hivm.hir.sync_block_wait"() <{tcore_type = #hivm.tcore_type<VECTOR>, tpipe = #hivm.pipe<PIPE_FIX>, pipe = #hivm.pipe<PIPE_MTE2>, static_flag_id = 0 : i64}>
// CHECK: "hivm.hir.load"
// PLANNED: func.func @product_mix_aiv
// PLANNED: "hivm.hir.pointer_cast"
npu.kernel @product ins(%x: memref<16x16xf32, #npu.scope<global>>) outs(%y: memref<16x16xf32, #npu.scope<global>>, %t: memref<16x16xf32, #npu.scope<global>>) on <mixed> blocks 1 scratch 1 target "ascend910b1" {
  npu.part <cube> cores 1 {
    %true = arith.constant true
    %a = npu.alloc : memref<16x16xf32, #npu.scope<l1>>
    npu.load %x into %a : memref<16x16xf32, #npu.scope<global>> into memref<16x16xf32, #npu.scope<l1>>
    %c = npu.alloc : memref<16x16xf32, #npu.scope<l0c>>
    npu.mmad ins(%a, %a : memref<16x16xf32, #npu.scope<l1>>, memref<16x16xf32, #npu.scope<l1>>) outs(%c : memref<16x16xf32, #npu.scope<l0c>>) init %true : i1
    npu.fixpipe %c into %t : memref<16x16xf32, #npu.scope<l0c>> into memref<16x16xf32, #npu.scope<global>>
    npu.cross_set <store> flag 0
  }
  npu.part <vector> cores 2 {
    %i = npu.block_idx : index
    %eight = arith.constant 8 : index
    %r = arith.muli %i, %eight : index
    %b = npu.alloc : memref<8x16xf32, #npu.scope<ub>>
    npu.cross_wait <load> flag 0
    %g = memref.subview %t[%r, 0] [8, 16] [1, 1] : memref<16x16xf32, #npu.scope<global>> to memref<8x16xf32, strided<[16, 1], offset: ?>, #npu.scope<global>>
    npu.load %g into %b : memref<8x16xf32, strided<[16, 1], offset: ?>, #npu.scope<global>> into memref<8x16xf32, #npu.scope<ub>>
    %h = memref.subview %y[%r, 0] [8, 16] [1, 1] : memref<16x16xf32, #npu.scope<global>> to memref<8x16xf32, strided<[16, 1], offset: ?>, #npu.scope<global>>
    npu.store %b into %h : memref<8x16xf32, #npu.scope<ub>> into memref<8x16xf32, strided<[16, 1], offset: ?>, #npu.scope<global>>
  }
}
