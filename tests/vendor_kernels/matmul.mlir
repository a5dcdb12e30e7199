// Output of bishengir-compile (ascendnpu-ir 1.2.0, Ascend910B1, 2 blocks) before convert-hivm-to-std, in
// generic form: block program: 64 x 96 f16 times 96 x 128 f16, tiles of 32 x 32 and 32 x 64, double buffering.
#map = affine_map<()[s0] -> ((s0 floordiv 2) * 32)>
#map1 = affine_map<()[s0] -> (s0 * 64 - (s0 floordiv 2) * 128)>
#map2 = affine_map<()[s0, s1, s2] -> ((s0 floordiv 32 + ((s1 - s2) floordiv 2) * 3) mod 2)>
#map3 = affine_map<()[s0, s1, s2] -> (s0 floordiv 32 + ((s1 - s2) floordiv 2) * 3)>
"builtin.module"() ({
  "func.func"() <{function_type = () -> i8, sym_name = "k_infer_task_type_function"}> ({
    %47 = "arith.constant"() <{value = 20 : i8}> : () -> i8
    "func.return"(%47) : (i8) -> ()
  }) {hacc.function_kind = #hacc.function_kind<HOST>, hacc.host_func_type = #hacc.host_func_type<infer_task_type_function>} : () -> ()
  "func.func"() <{arg_attrs = [{hacc.arg_type = #hacc.arg_type<ffts_base_address>}, {tt.tensor_kind = 0 : i32}, {tt.tensor_kind = 0 : i32}, {tt.tensor_kind = 1 : i32}, {}, {}, {}], function_type = (i64, memref<64x96xf16, #hivm.address_space<gm>>, memref<96x128xf16, #hivm.address_space<gm>>, memref<64x128xf32, #hivm.address_space<gm>>, i32, i32, i32) -> (), sym_name = "k"}> ({
  ^bb0(%arg0: i64, %arg1: memref<64x96xf16, #hivm.address_space<gm>>, %arg2: memref<96x128xf16, #hivm.address_space<gm>>, %arg3: memref<64x128xf32, #hivm.address_space<gm>>, %arg4: i32, %arg5: i32, %arg6: i32):
    %0 = "arith.constant"() <{value = true}> : () -> i1
    %1 = "arith.constant"() <{value = 64 : index}> : () -> index
    %2 = "arith.constant"() <{value = 96 : index}> : () -> index
    %3 = "arith.constant"() <{value = 32 : index}> : () -> index
    %4 = "arith.constant"() <{value = 2 : index}> : () -> index
    %5 = "arith.constant"() <{value = 4 : index}> : () -> index
    %6 = "arith.constant"() <{value = 0 : index}> : () -> index
    %7 = "arith.constant"() <{value = 1 : i64}> : () -> i64
    %8 = "arith.constant"() <{value = 2 : i64}> : () -> i64
    %9 = "arith.constant"() <{value = 3 : i64}> : () -> i64
    %10 = "arith.constant"() <{value = -1 : i64}> : () -> i64
    %11 = "arith.constant"() <{value = 6144 : i64}> : () -> i64
    %12 = "arith.constant"() <{value = 0 : i64}> : () -> i64
    %13 = "arith.constant"() <{value = 2048 : i64}> : () -> i64
    %14 = "arith.constant"() <{value = 8192 : i64}> : () -> i64
    %15 = "hivm.hir.pointer_cast"(%13) <{operandSegmentSizes = array<i32: 1, 0>}> : (i64) -> memref<4x2x16x16xf16, #hivm.address_space<cbuf>>
    %16 = "hivm.hir.pointer_cast"(%14) <{operandSegmentSizes = array<i32: 1, 0>}> : (i64) -> memref<4x2x16x16xf16, #hivm.address_space<cbuf>>
    %17 = "hivm.hir.pointer_cast"(%12) <{operandSegmentSizes = array<i32: 1, 0>}> : (i64) -> memref<2x2x16x16xf16, #hivm.address_space<cbuf>>
    %18 = "hivm.hir.pointer_cast"(%11) <{operandSegmentSizes = array<i32: 1, 0>}> : (i64) -> memref<2x2x16x16xf16, #hivm.address_space<cbuf>>
    "hivm.hir.set_mask_norm"() : () -> ()
    %19 = "hivm.hir.get_block_idx"() : () -> i64
    %20 = "arith.index_cast"(%19) : (i64) -> index
    "hivm.hir.set_flag"() <{set_pipe = #hivm.pipe<PIPE_MTE1>, static_event_id = #hivm.event<EVENT_ID0>, wait_pipe = #hivm.pipe<PIPE_MTE2>}> : () -> ()
    "hivm.hir.set_flag"() <{set_pipe = #hivm.pipe<PIPE_MTE1>, static_event_id = #hivm.event<EVENT_ID1>, wait_pipe = #hivm.pipe<PIPE_MTE2>}> : () -> ()
    "hivm.hir.set_flag"() <{set_pipe = #hivm.pipe<PIPE_MTE1>, static_event_id = #hivm.event<EVENT_ID2>, wait_pipe = #hivm.pipe<PIPE_MTE2>}> : () -> ()
    "hivm.hir.set_flag"() <{set_pipe = #hivm.pipe<PIPE_MTE1>, static_event_id = #hivm.event<EVENT_ID3>, wait_pipe = #hivm.pipe<PIPE_MTE2>}> : () -> ()
    "hivm.hir.set_flag"() <{set_pipe = #hivm.pipe<PIPE_FIX>, static_event_id = #hivm.event<EVENT_ID0>, wait_pipe = #hivm.pipe<PIPE_M>}> : () -> ()
    "scf.for"(%20, %5, %4) ({
    ^bb0(%arg7: index):
      %21 = "affine.apply"(%arg7) <{map = #map}> : (index) -> index
      %22 = "affine.apply"(%arg7) <{map = #map1}> : (index) -> index
      %23 = "hivm.hir.pointer_cast"(%12) <{operandSegmentSizes = array<i32: 1, 0>}> : (i64) -> memref<4x2x16x16xf32, #hivm.address_space<cc>>
      %24 = "memref.cast"(%23) : (memref<4x2x16x16xf32, #hivm.address_space<cc>>) -> memref<?x?x?x?xf32, #hivm.address_space<cc>>
      "hivm.hir.wait_flag"() <{set_pipe = #hivm.pipe<PIPE_FIX>, static_event_id = #hivm.event<EVENT_ID0>, wait_pipe = #hivm.pipe<PIPE_M>}> : () -> ()
      "scf.for"(%6, %2, %3) ({
      ^bb0(%arg8: index):
        %26 = "affine.apply"(%arg8, %arg7, %20) <{map = #map2}> : (index, index, index) -> index
        %27 = "arith.index_cast"(%26) : (index) -> i64
        %28 = "arith.cmpi"(%27, %7) <{predicate = 0 : i64}> : (i64, i64) -> i1
        %29 = "arith.select"(%28, %16, %15) : (i1, memref<4x2x16x16xf16, #hivm.address_space<cbuf>>, memref<4x2x16x16xf16, #hivm.address_space<cbuf>>) -> memref<4x2x16x16xf16, #hivm.address_space<cbuf>>
        %30 = "affine.apply"(%arg8, %arg7, %20) <{map = #map2}> : (index, index, index) -> index
        %31 = "arith.index_cast"(%30) : (index) -> i64
        %32 = "arith.cmpi"(%31, %7) <{predicate = 0 : i64}> : (i64, i64) -> i1
        %33 = "arith.select"(%32, %18, %17) : (i1, memref<2x2x16x16xf16, #hivm.address_space<cbuf>>, memref<2x2x16x16xf16, #hivm.address_space<cbuf>>) -> memref<2x2x16x16xf16, #hivm.address_space<cbuf>>
        %34 = "affine.apply"(%arg8, %arg7, %20) <{map = #map3}> : (index, index, index) -> index
        %35 = "arith.index_cast"(%34) : (index) -> i64
        %36 = "affine.apply"(%arg8, %arg7, %20) <{map = #map2}> : (index, index, index) -> index
        %37 = "arith.index_cast"(%36) : (index) -> i1
        %38 = "arith.select"(%37, %8, %9) : (i1, i64, i64) -> i64
        %39 = "arith.index_cast"(%36) : (index) -> i1
        %40 = "arith.xori"(%39, %0) : (i1, i1) -> i1
        %41 = "arith.extui"(%40) : (i1) -> i64
        %42 = "memref.subview"(%arg1, %21, %arg8) <{operandSegmentSizes = array<i32: 1, 2, 0, 0>, static_offsets = array<i64: -9223372036854775808, -9223372036854775808>, static_sizes = array<i64: 32, 32>, static_strides = array<i64: 1, 1>}> : (memref<64x96xf16, #hivm.address_space<gm>>, index, index) -> memref<32x32xf16, strided<[96, 1], offset: ?>, #hivm.address_space<gm>>
        %43 = "memref.cast"(%33) : (memref<2x2x16x16xf16, #hivm.address_space<cbuf>>) -> memref<?x?x?x?xf16, #hivm.address_space<cbuf>>
        "hivm.hir.wait_flag"(%41) <{set_pipe = #hivm.pipe<PIPE_MTE1>, wait_pipe = #hivm.pipe<PIPE_MTE2>}> : (i64) -> ()
        "hivm.hir.nd2nz"(%42, %43) <{dst_continuous, init_out_buffer = false, operandSegmentSizes = array<i32: 1, 1, 0, 0>}> : (memref<32x32xf16, strided<[96, 1], offset: ?>, #hivm.address_space<gm>>, memref<?x?x?x?xf16, #hivm.address_space<cbuf>>) -> ()
        "hivm.hir.set_flag"() <{set_pipe = #hivm.pipe<PIPE_MTE2>, static_event_id = #hivm.event<EVENT_ID0>, wait_pipe = #hivm.pipe<PIPE_MTE1>}> : () -> ()
        %44 = "memref.subview"(%arg2, %arg8, %22) <{operandSegmentSizes = array<i32: 1, 2, 0, 0>, static_offsets = array<i64: -9223372036854775808, -9223372036854775808>, static_sizes = array<i64: 32, 64>, static_strides = array<i64: 1, 1>}> : (memref<96x128xf16, #hivm.address_space<gm>>, index, index) -> memref<32x64xf16, strided<[128, 1], offset: ?>, #hivm.address_space<gm>>
        %45 = "memref.cast"(%29) : (memref<4x2x16x16xf16, #hivm.address_space<cbuf>>) -> memref<?x?x?x?xf16, #hivm.address_space<cbuf>>
        "hivm.hir.wait_flag"(%38) <{set_pipe = #hivm.pipe<PIPE_MTE1>, wait_pipe = #hivm.pipe<PIPE_MTE2>}> : (i64) -> ()
        "hivm.hir.nd2nz"(%44, %45) <{dst_continuous, init_out_buffer = false, operandSegmentSizes = array<i32: 1, 1, 0, 0>}> : (memref<32x64xf16, strided<[128, 1], offset: ?>, #hivm.address_space<gm>>, memref<?x?x?x?xf16, #hivm.address_space<cbuf>>) -> ()
        "hivm.hir.set_flag"() <{set_pipe = #hivm.pipe<PIPE_MTE2>, static_event_id = #hivm.event<EVENT_ID1>, wait_pipe = #hivm.pipe<PIPE_MTE1>}> : () -> ()
        %46 = "arith.cmpi"(%arg8, %6) <{predicate = 0 : i64}> : (index, index) -> i1
        "hivm.hir.mmadL1"(%43, %45, %46, %3, %3, %1, %24, %12, %7, %41, %38, %35, %10, %10) <{operandSegmentSizes = array<i32: 1, 1, 1, 1, 1, 1, 1, 7, 0, 0>}> {fixpipe_for_result_already_inserted = true} : (memref<?x?x?x?xf16, #hivm.address_space<cbuf>>, memref<?x?x?x?xf16, #hivm.address_space<cbuf>>, i1, index, index, index, memref<?x?x?x?xf32, #hivm.address_space<cc>>, i64, i64, i64, i64, i64, i64, i64) -> ()
        "scf.yield"() : () -> ()
      }) {fixpipe_for_mmad_result_already_inserted = true, pipeline.cubeonly} : (index, index, index) -> ()
      "hivm.hir.set_flag"() <{set_pipe = #hivm.pipe<PIPE_M>, static_event_id = #hivm.event<EVENT_ID0>, wait_pipe = #hivm.pipe<PIPE_FIX>}> : () -> ()
      %25 = "memref.subview"(%arg3, %21, %22) <{operandSegmentSizes = array<i32: 1, 2, 0, 0>, static_offsets = array<i64: -9223372036854775808, -9223372036854775808>, static_sizes = array<i64: 32, 64>, static_strides = array<i64: 1, 1>}> : (memref<64x128xf32, #hivm.address_space<gm>>, index, index) -> memref<32x64xf32, strided<[128, 1], offset: ?>, #hivm.address_space<gm>>
      "hivm.hir.wait_flag"() <{set_pipe = #hivm.pipe<PIPE_M>, static_event_id = #hivm.event<EVENT_ID0>, wait_pipe = #hivm.pipe<PIPE_FIX>}> : () -> ()
      "hivm.hir.fixpipe"(%24, %25) <{dma_mode = #hivm.dma_mode<nz2nd>, operandSegmentSizes = array<i32: 1, 1, 0, 0>}> : (memref<?x?x?x?xf32, #hivm.address_space<cc>>, memref<32x64xf32, strided<[128, 1], offset: ?>, #hivm.address_space<gm>>) -> ()
      "hivm.hir.set_flag"() <{set_pipe = #hivm.pipe<PIPE_FIX>, static_event_id = #hivm.event<EVENT_ID0>, wait_pipe = #hivm.pipe<PIPE_M>}> : () -> ()
      "scf.yield"() : () -> ()
    }) : (index, index, index) -> ()
    "hivm.hir.wait_flag"() <{set_pipe = #hivm.pipe<PIPE_FIX>, static_event_id = #hivm.event<EVENT_ID0>, wait_pipe = #hivm.pipe<PIPE_M>}> : () -> ()
    "hivm.hir.wait_flag"() <{set_pipe = #hivm.pipe<PIPE_MTE1>, static_event_id = #hivm.event<EVENT_ID0>, wait_pipe = #hivm.pipe<PIPE_MTE2>}> : () -> ()
    "hivm.hir.wait_flag"() <{set_pipe = #hivm.pipe<PIPE_MTE1>, static_event_id = #hivm.event<EVENT_ID1>, wait_pipe = #hivm.pipe<PIPE_MTE2>}> : () -> ()
    "hivm.hir.wait_flag"() <{set_pipe = #hivm.pipe<PIPE_MTE1>, static_event_id = #hivm.event<EVENT_ID2>, wait_pipe = #hivm.pipe<PIPE_MTE2>}> : () -> ()
    "hivm.hir.wait_flag"() <{set_pipe = #hivm.pipe<PIPE_MTE1>, static_event_id = #hivm.event<EVENT_ID3>, wait_pipe = #hivm.pipe<PIPE_MTE2>}> : () -> ()
    "hivm.hir.pipe_barrier"() <{pipe = #hivm.pipe<PIPE_ALL>}> : () -> ()
    "func.return"() : () -> ()
  }) {func_dyn_memref_args = dense<false> : vector<7xi1>, hacc.entry, hacc.function_kind = #hacc.function_kind<DEVICE>, hivm.func_core_type = #hivm.func_core_type<AIC>, hivm.storage_aligned, mix_mode = "mix"} : () -> ()
}) {hacc.hivmc_compatible_print = true, hacc.hivmc_version = #hacc.hivmc_version<"0.0.0">, hivm.module_core_type = #hivm.module_core_type<AIC>} : () -> ()

