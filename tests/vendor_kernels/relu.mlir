// Output of bishengir-compile (ascendnpu-ir 1.2.0, Ascend910B1, 2 blocks) before convert-hivm-to-std, in
// generic form: relu of 192 x 1024 f32, double buffering.
#map = affine_map<()[s0] -> (-s0 + 13)>
#map1 = affine_map<()[s0] -> ((s0 floordiv 2) mod 2)>
#map2 = affine_map<()[s0, s1] -> (s0 * 16376 + s1 * 16376)>
#map3 = affine_map<()[s0, s1] -> (s0 * -16376 - s1 * 16376 + 196608, 16376)>
"builtin.module"() ({
  "func.func"() <{function_type = () -> i64, sym_name = "k_get_tiling_struct_size_function"}> ({
    %41 = "arith.constant"() <{value = 0 : i64}> : () -> i64
    "func.return"(%41) : (i64) -> ()
  }) {hacc.function_kind = #hacc.function_kind<HOST>, hacc.host_func_type = #hacc.host_func_type<get_tiling_struct_size_function>} : () -> ()
  "func.func"() <{arg_attrs = [{hacc.arg_type = #hacc.arg_type<input>, hacc.input_idx = #hacc.input_idx<0>}, {hacc.arg_type = #hacc.arg_type<output>, hacc.output_idx = #hacc.output_idx<0>}], function_type = (memref<192x1024xf32, #hivm.address_space<gm>>, memref<192x1024xf32, #hivm.address_space<gm>>) -> (), sym_name = "k"}> ({
  ^bb0(%arg0: memref<192x1024xf32, #hivm.address_space<gm>>, %arg1: memref<192x1024xf32, #hivm.address_space<gm>>):
    %0 = "arith.constant"() <{value = 2 : index}> : () -> index
    %1 = "arith.constant"() <{value = 0 : index}> : () -> index
    %2 = "arith.constant"() <{value = 0.000000e+00 : f32}> : () -> f32
    %3 = "arith.constant"() <{value = 1 : i64}> : () -> i64
    %4 = "arith.constant"() <{value = 2 : i64}> : () -> i64
    %5 = "arith.constant"() <{value = 131008 : i64}> : () -> i64
    %6 = "arith.constant"() <{value = 0 : i64}> : () -> i64
    %7 = "arith.constant"() <{value = 65504 : i64}> : () -> i64
    %8 = "hivm.hir.pointer_cast"(%6) <{operandSegmentSizes = array<i32: 1, 0>}> : (i64) -> memref<65504xi8, #hivm.address_space<ub>>
    %9 = "hivm.hir.pointer_cast"(%7) <{operandSegmentSizes = array<i32: 1, 0>}> : (i64) -> memref<65504xi8, #hivm.address_space<ub>>
    %10 = "hivm.hir.pointer_cast"(%5) <{operandSegmentSizes = array<i32: 1, 0>}> : (i64) -> memref<65504xi8, #hivm.address_space<ub>>
    %11 = "hivm.hir.pointer_cast"(%6) <{operandSegmentSizes = array<i32: 1, 0>}> : (i64) -> memref<65504xi8, #hivm.address_space<ub>>
    %12 = "hivm.hir.pointer_cast"(%6) <{operandSegmentSizes = array<i32: 1, 0>}> : (i64) -> memref<65504xi8, #hivm.address_space<ub>>
    %13 = "hivm.hir.pointer_cast"(%7) <{operandSegmentSizes = array<i32: 1, 0>}> : (i64) -> memref<65504xi8, #hivm.address_space<ub>>
    "hivm.hir.set_mask_norm"() : () -> ()
    %14 = "memref.collapse_shape"(%arg0) <{reassociation = [[0, 1]]}> : (memref<192x1024xf32, #hivm.address_space<gm>>) -> memref<196608xf32, #hivm.address_space<gm>>
    %15 = "memref.collapse_shape"(%arg1) <{reassociation = [[0, 1]]}> : (memref<192x1024xf32, #hivm.address_space<gm>>) -> memref<196608xf32, #hivm.address_space<gm>>
    %16 = "hivm.hir.get_block_idx"() : () -> i64
    %17 = "arith.index_cast"(%16) : (i64) -> index
    %18 = "affine.apply"(%17) <{map = #map}> : (index) -> index
    "hivm.hir.set_flag"() <{set_pipe = #hivm.pipe<PIPE_MTE3>, static_event_id = #hivm.event<EVENT_ID0>, wait_pipe = #hivm.pipe<PIPE_V>}> : () -> ()
    "hivm.hir.set_flag"() <{set_pipe = #hivm.pipe<PIPE_MTE3>, static_event_id = #hivm.event<EVENT_ID1>, wait_pipe = #hivm.pipe<PIPE_MTE2>}> : () -> ()
    "hivm.hir.set_flag"() <{set_pipe = #hivm.pipe<PIPE_MTE3>, static_event_id = #hivm.event<EVENT_ID2>, wait_pipe = #hivm.pipe<PIPE_MTE2>}> : () -> ()
    "scf.for"(%1, %18, %0) ({
    ^bb0(%arg2: index):
      %19 = "affine.apply"(%arg2) <{map = #map1}> : (index) -> index
      %20 = "arith.index_cast"(%19) : (index) -> i64
      %21 = "arith.cmpi"(%20, %3) <{predicate = 0 : i64}> : (i64, i64) -> i1
      %22 = "arith.select"(%21, %9, %8) : (i1, memref<65504xi8, #hivm.address_space<ub>>, memref<65504xi8, #hivm.address_space<ub>>) -> memref<65504xi8, #hivm.address_space<ub>>
      %23 = "affine.apply"(%arg2) <{map = #map1}> : (index) -> index
      %24 = "arith.index_cast"(%23) : (index) -> i64
      %25 = "arith.cmpi"(%24, %3) <{predicate = 0 : i64}> : (i64, i64) -> i1
      %26 = "arith.select"(%25, %11, %10) : (i1, memref<65504xi8, #hivm.address_space<ub>>, memref<65504xi8, #hivm.address_space<ub>>) -> memref<65504xi8, #hivm.address_space<ub>>
      %27 = "affine.apply"(%arg2) <{map = #map1}> : (index) -> index
      %28 = "arith.index_cast"(%27) : (index) -> i64
      %29 = "arith.cmpi"(%28, %3) <{predicate = 0 : i64}> : (i64, i64) -> i1
      %30 = "arith.select"(%29, %13, %12) : (i1, memref<65504xi8, #hivm.address_space<ub>>, memref<65504xi8, #hivm.address_space<ub>>) -> memref<65504xi8, #hivm.address_space<ub>>
      %31 = "affine.apply"(%arg2) <{map = #map1}> : (index) -> index
      %32 = "arith.index_cast"(%31) : (index) -> i1
      %33 = "arith.select"(%32, %3, %4) : (i1, i64, i64) -> i64
      %34 = "affine.apply"(%17, %arg2) <{map = #map2}> : (index, index) -> index
      %35 = "affine.min"(%17, %arg2) <{map = #map3}> : (index, index) -> index
      %36 = "memref.subview"(%14, %34, %35) <{operandSegmentSizes = array<i32: 1, 1, 1, 0>, static_offsets = array<i64: -9223372036854775808>, static_sizes = array<i64: -9223372036854775808>, static_strides = array<i64: 1>}> : (memref<196608xf32, #hivm.address_space<gm>>, index, index) -> memref<?xf32, strided<[1], offset: ?>, #hivm.address_space<gm>>
      %37 = "memref.view"(%30, %1, %35) : (memref<65504xi8, #hivm.address_space<ub>>, index, index) -> memref<?xf32, #hivm.address_space<ub>>
      "hivm.hir.wait_flag"(%33) <{set_pipe = #hivm.pipe<PIPE_MTE3>, wait_pipe = #hivm.pipe<PIPE_MTE2>}> : (i64) -> ()
      "hivm.hir.load"(%36, %37) <{init_out_buffer = false, may_implicit_transpose_with_last_axis = false, operandSegmentSizes = array<i32: 1, 1, 0, 0, 0, 0>}> : (memref<?xf32, strided<[1], offset: ?>, #hivm.address_space<gm>>, memref<?xf32, #hivm.address_space<ub>>) -> ()
      "hivm.hir.set_flag"() <{set_pipe = #hivm.pipe<PIPE_MTE2>, static_event_id = #hivm.event<EVENT_ID0>, wait_pipe = #hivm.pipe<PIPE_V>}> : () -> ()
      %38 = "memref.subview"(%15, %34, %35) <{operandSegmentSizes = array<i32: 1, 1, 1, 0>, static_offsets = array<i64: -9223372036854775808>, static_sizes = array<i64: -9223372036854775808>, static_strides = array<i64: 1>}> : (memref<196608xf32, #hivm.address_space<gm>>, index, index) -> memref<?xf32, strided<[1], offset: ?>, #hivm.address_space<gm>>
      %39 = "memref.view"(%26, %1, %35) : (memref<65504xi8, #hivm.address_space<ub>>, index, index) -> memref<?xf32, #hivm.address_space<ub>>
      "hivm.hir.wait_flag"() <{set_pipe = #hivm.pipe<PIPE_MTE3>, static_event_id = #hivm.event<EVENT_ID0>, wait_pipe = #hivm.pipe<PIPE_V>}> : () -> ()
      "hivm.hir.wait_flag"() <{set_pipe = #hivm.pipe<PIPE_MTE2>, static_event_id = #hivm.event<EVENT_ID0>, wait_pipe = #hivm.pipe<PIPE_V>}> : () -> ()
      "hivm.hir.vmax"(%37, %2, %39) <{broadcast = array<i64>, operandSegmentSizes = array<i32: 2, 1, 0>, transpose = array<i64>}> : (memref<?xf32, #hivm.address_space<ub>>, f32, memref<?xf32, #hivm.address_space<ub>>) -> ()
      "hivm.hir.set_flag"() <{set_pipe = #hivm.pipe<PIPE_V>, static_event_id = #hivm.event<EVENT_ID0>, wait_pipe = #hivm.pipe<PIPE_MTE3>}> : () -> ()
      "hivm.hir.wait_flag"() <{set_pipe = #hivm.pipe<PIPE_V>, static_event_id = #hivm.event<EVENT_ID0>, wait_pipe = #hivm.pipe<PIPE_MTE3>}> : () -> ()
      "hivm.hir.store"(%39, %38) <{atomic_kind = #hivm.atomic_kind<none>}> : (memref<?xf32, #hivm.address_space<ub>>, memref<?xf32, strided<[1], offset: ?>, #hivm.address_space<gm>>) -> ()
      "hivm.hir.set_flag"() <{set_pipe = #hivm.pipe<PIPE_MTE3>, static_event_id = #hivm.event<EVENT_ID0>, wait_pipe = #hivm.pipe<PIPE_MTE2>}> : () -> ()
      %40 = "memref.view"(%22, %1, %35) : (memref<65504xi8, #hivm.address_space<ub>>, index, index) -> memref<?xf32, #hivm.address_space<ub>>
      "hivm.hir.wait_flag"() <{set_pipe = #hivm.pipe<PIPE_MTE3>, static_event_id = #hivm.event<EVENT_ID0>, wait_pipe = #hivm.pipe<PIPE_MTE2>}> : () -> ()
      "hivm.hir.load"(%38, %40) <{init_out_buffer = false, may_implicit_transpose_with_last_axis = false, operandSegmentSizes = array<i32: 1, 1, 0, 0, 0, 0>}> : (memref<?xf32, strided<[1], offset: ?>, #hivm.address_space<gm>>, memref<?xf32, #hivm.address_space<ub>>) -> ()
      "hivm.hir.set_flag"() <{set_pipe = #hivm.pipe<PIPE_MTE2>, static_event_id = #hivm.event<EVENT_ID0>, wait_pipe = #hivm.pipe<PIPE_MTE3>}> : () -> ()
      "hivm.hir.wait_flag"() <{set_pipe = #hivm.pipe<PIPE_MTE2>, static_event_id = #hivm.event<EVENT_ID0>, wait_pipe = #hivm.pipe<PIPE_MTE3>}> : () -> ()
      "hivm.hir.store"(%40, %38) : (memref<?xf32, #hivm.address_space<ub>>, memref<?xf32, strided<[1], offset: ?>, #hivm.address_space<gm>>) -> ()
      "hivm.hir.set_flag"(%33) <{set_pipe = #hivm.pipe<PIPE_MTE3>, wait_pipe = #hivm.pipe<PIPE_MTE2>}> : (i64) -> ()
      "hivm.hir.set_flag"() <{set_pipe = #hivm.pipe<PIPE_MTE3>, static_event_id = #hivm.event<EVENT_ID0>, wait_pipe = #hivm.pipe<PIPE_V>}> : () -> ()
      "scf.yield"() : () -> ()
    }) {__tiled_for___2, pipeline.veconly} : (index, index, index) -> ()
    "hivm.hir.wait_flag"() <{set_pipe = #hivm.pipe<PIPE_MTE3>, static_event_id = #hivm.event<EVENT_ID1>, wait_pipe = #hivm.pipe<PIPE_MTE2>}> : () -> ()
    "hivm.hir.wait_flag"() <{set_pipe = #hivm.pipe<PIPE_MTE3>, static_event_id = #hivm.event<EVENT_ID2>, wait_pipe = #hivm.pipe<PIPE_MTE2>}> : () -> ()
    "hivm.hir.wait_flag"() <{set_pipe = #hivm.pipe<PIPE_MTE3>, static_event_id = #hivm.event<EVENT_ID0>, wait_pipe = #hivm.pipe<PIPE_V>}> : () -> ()
    "hivm.hir.pipe_barrier"() <{pipe = #hivm.pipe<PIPE_ALL>}> : () -> ()
    "func.return"() : () -> ()
  }) {enable_auto_mark_buffer_size, hacc.block_dim = 2 : i64, hacc.entry, hacc.function_kind = #hacc.function_kind<DEVICE>, hacc.get_tiling_struct_size_function = #hacc.get_tiling_struct_size_function<@k_get_tiling_struct_size_function>, hfusion.fusion_kind = #hfusion.fusion_kind<PURE_ELEMWISE>, hivm.func_core_type = #hivm.func_core_type<AIV>, hivm.storage_aligned} : () -> ()
}) {hacc.hivmc_compatible_print = true, hacc.hivmc_version = #hacc.hivmc_version<"0.0.0">, hivm.module_core_type = #hivm.module_core_type<AIV>} : () -> ()

