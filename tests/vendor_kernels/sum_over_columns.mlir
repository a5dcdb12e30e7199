// Output of bishengir-compile (ascendnpu-ir 1.2.0, Ascend910B1, 2 blocks) before convert-hivm-to-std, in
// generic form: sum of 300 x 101 f32 over columns, double buffering.
#map = affine_map<()[s0] -> (-s0 + 3)>
#map1 = affine_map<()[s0] -> ((s0 floordiv 2) mod 2)>
#map2 = affine_map<()[s0, s1] -> (s0 * 118 + s1 * 118)>
#map3 = affine_map<()[s0, s1] -> (s0 * -118 - s1 * 118 + 300, 118)>
"builtin.module"() ({
  "func.func"() <{function_type = () -> i64, sym_name = "k_get_tiling_struct_size_function"}> ({
    %41 = "arith.constant"() <{value = 0 : i64}> : () -> i64
    "func.return"(%41) : (i64) -> ()
  }) {hacc.function_kind = #hacc.function_kind<HOST>, hacc.host_func_type = #hacc.host_func_type<get_tiling_struct_size_function>} : () -> ()
  "func.func"() <{arg_attrs = [{hacc.arg_type = #hacc.arg_type<input>, hacc.input_idx = #hacc.input_idx<0>}, {hacc.arg_type = #hacc.arg_type<output>, hacc.output_idx = #hacc.output_idx<0>}], function_type = (memref<300x101xf32, #hivm.address_space<gm>>, memref<300xf32, #hivm.address_space<gm>>) -> (), sym_name = "k"}> ({
  ^bb0(%arg0: memref<300x101xf32, #hivm.address_space<gm>>, %arg1: memref<300xf32, #hivm.address_space<gm>>):
    %0 = "arith.constant"() <{value = 1 : i64}> : () -> i64
    %1 = "arith.constant"() <{value = 2 : index}> : () -> index
    %2 = "arith.constant"() <{value = 0 : index}> : () -> index
    %3 = "arith.constant"() <{value = 49600 : i64}> : () -> i64
    %4 = "arith.constant"() <{value = 99200 : i64}> : () -> i64
    %5 = "arith.constant"() <{value = 0 : i64}> : () -> i64
    %6 = "arith.constant"() <{value = 148320 : i64}> : () -> i64
    %7 = "arith.constant"() <{value = 49120 : i64}> : () -> i64
    %8 = "arith.constant"() <{value = 98720 : i64}> : () -> i64
    %9 = "arith.constant"() <{value = 148800 : i64}> : () -> i64
    %10 = "hivm.hir.pointer_cast"(%8) <{operandSegmentSizes = array<i32: 1, 0>}> : (i64) -> memref<472xi8, #hivm.address_space<ub>>
    %11 = "hivm.hir.pointer_cast"(%9) <{operandSegmentSizes = array<i32: 1, 0>}> : (i64) -> memref<472xi8, #hivm.address_space<ub>>
    %12 = "hivm.hir.pointer_cast"(%7) <{operandSegmentSizes = array<i32: 1, 0>}> : (i64) -> memref<472xi8, #hivm.address_space<ub>>
    %13 = "hivm.hir.pointer_cast"(%6) <{operandSegmentSizes = array<i32: 1, 0>}> : (i64) -> memref<472xi8, #hivm.address_space<ub>>
    %14 = "hivm.hir.pointer_cast"(%5) <{operandSegmentSizes = array<i32: 1, 0>}> : (i64) -> memref<49120xi8, #hivm.address_space<ub>>
    %15 = "hivm.hir.pointer_cast"(%4) <{operandSegmentSizes = array<i32: 1, 0>}> : (i64) -> memref<49120xi8, #hivm.address_space<ub>>
    "hivm.hir.set_mask_norm"() : () -> ()
    %16 = "hivm.hir.get_block_idx"() : () -> i64
    %17 = "arith.index_cast"(%16) : (i64) -> index
    %18 = "affine.apply"(%17) <{map = #map}> : (index) -> index
    "scf.for"(%2, %18, %1) ({
    ^bb0(%arg2: index):
      %19 = "affine.apply"(%arg2) <{map = #map1}> : (index) -> index
      %20 = "arith.index_cast"(%19) : (index) -> i64
      %21 = "arith.cmpi"(%20, %0) <{predicate = 0 : i64}> : (i64, i64) -> i1
      %22 = "arith.select"(%21, %11, %10) : (i1, memref<472xi8, #hivm.address_space<ub>>, memref<472xi8, #hivm.address_space<ub>>) -> memref<472xi8, #hivm.address_space<ub>>
      %23 = "affine.apply"(%arg2) <{map = #map1}> : (index) -> index
      %24 = "arith.index_cast"(%23) : (index) -> i64
      %25 = "arith.cmpi"(%24, %0) <{predicate = 0 : i64}> : (i64, i64) -> i1
      %26 = "arith.select"(%25, %13, %12) : (i1, memref<472xi8, #hivm.address_space<ub>>, memref<472xi8, #hivm.address_space<ub>>) -> memref<472xi8, #hivm.address_space<ub>>
      %27 = "affine.apply"(%arg2) <{map = #map1}> : (index) -> index
      %28 = "arith.index_cast"(%27) : (index) -> i64
      %29 = "arith.cmpi"(%28, %0) <{predicate = 0 : i64}> : (i64, i64) -> i1
      %30 = "arith.select"(%29, %15, %14) : (i1, memref<49120xi8, #hivm.address_space<ub>>, memref<49120xi8, #hivm.address_space<ub>>) -> memref<49120xi8, #hivm.address_space<ub>>
      %31 = "affine.apply"(%17, %arg2) <{map = #map2}> : (index, index) -> index
      %32 = "affine.min"(%17, %arg2) <{map = #map3}> : (index, index) -> index
      %33 = "memref.subview"(%arg0, %31, %32) <{operandSegmentSizes = array<i32: 1, 1, 1, 0>, static_offsets = array<i64: -9223372036854775808, 0>, static_sizes = array<i64: -9223372036854775808, 101>, static_strides = array<i64: 1, 1>}> : (memref<300x101xf32, #hivm.address_space<gm>>, index, index) -> memref<?x101xf32, strided<[101, 1], offset: ?>, #hivm.address_space<gm>>
      %34 = "memref.view"(%30, %2, %32) : (memref<49120xi8, #hivm.address_space<ub>>, index, index) -> memref<?x104x1xf32, #hivm.address_space<ub>>
      %35 = "memref.subview"(%34, %32) <{operandSegmentSizes = array<i32: 1, 0, 1, 0>, static_offsets = array<i64: 0, 0, 0>, static_sizes = array<i64: -9223372036854775808, 101, 1>, static_strides = array<i64: 1, 1, 1>}> : (memref<?x104x1xf32, #hivm.address_space<ub>>, index) -> memref<?x101xf32, strided<[104, 1]>, #hivm.address_space<ub>>
      "hivm.hir.load"(%33, %35) <{init_out_buffer = false, may_implicit_transpose_with_last_axis = false, operandSegmentSizes = array<i32: 1, 1, 0, 0, 0, 0>}> : (memref<?x101xf32, strided<[101, 1], offset: ?>, #hivm.address_space<gm>>, memref<?x101xf32, strided<[104, 1]>, #hivm.address_space<ub>>) -> ()
      "hivm.hir.set_flag"() <{set_pipe = #hivm.pipe<PIPE_MTE2>, static_event_id = #hivm.event<EVENT_ID0>, wait_pipe = #hivm.pipe<PIPE_V>}> : () -> ()
      %36 = "memref.subview"(%arg1, %31, %32) <{operandSegmentSizes = array<i32: 1, 1, 1, 0>, static_offsets = array<i64: -9223372036854775808>, static_sizes = array<i64: -9223372036854775808>, static_strides = array<i64: 1>}> : (memref<300xf32, #hivm.address_space<gm>>, index, index) -> memref<?xf32, strided<[1], offset: ?>, #hivm.address_space<gm>>
      %37 = "memref.view"(%26, %2, %32) : (memref<472xi8, #hivm.address_space<ub>>, index, index) -> memref<?x1xf32, #hivm.address_space<ub>>
      %38 = "hivm.hir.pointer_cast"(%3) <{operandSegmentSizes = array<i32: 1, 0>}> : (i64) -> memref<12280xf32, #hivm.address_space<ub>>
      "hivm.hir.wait_flag"() <{set_pipe = #hivm.pipe<PIPE_MTE2>, static_event_id = #hivm.event<EVENT_ID0>, wait_pipe = #hivm.pipe<PIPE_V>}> : () -> ()
      "hivm.hir.vreduce"(%35, %37, %38) <{arith = #hivm.reduce_op<sum>, operandSegmentSizes = array<i32: 1, 1, 1, 0>, reduce_dims = array<i64: 1>}> : (memref<?x101xf32, strided<[104, 1]>, #hivm.address_space<ub>>, memref<?x1xf32, #hivm.address_space<ub>>, memref<12280xf32, #hivm.address_space<ub>>) -> ()
      "hivm.hir.set_flag"() <{set_pipe = #hivm.pipe<PIPE_V>, static_event_id = #hivm.event<EVENT_ID0>, wait_pipe = #hivm.pipe<PIPE_MTE3>}> : () -> ()
      %39 = "memref.collapse_shape"(%37) <{reassociation = [[0, 1]]}> : (memref<?x1xf32, #hivm.address_space<ub>>) -> memref<?xf32, #hivm.address_space<ub>>
      "hivm.hir.wait_flag"() <{set_pipe = #hivm.pipe<PIPE_V>, static_event_id = #hivm.event<EVENT_ID0>, wait_pipe = #hivm.pipe<PIPE_MTE3>}> : () -> ()
      "hivm.hir.pipe_barrier"() <{pipe = #hivm.pipe<PIPE_MTE3>}> : () -> ()
      "hivm.hir.store"(%39, %36) <{atomic_kind = #hivm.atomic_kind<none>}> : (memref<?xf32, #hivm.address_space<ub>>, memref<?xf32, strided<[1], offset: ?>, #hivm.address_space<gm>>) -> ()
      "hivm.hir.set_flag"() <{set_pipe = #hivm.pipe<PIPE_MTE3>, static_event_id = #hivm.event<EVENT_ID0>, wait_pipe = #hivm.pipe<PIPE_MTE2>}> : () -> ()
      %40 = "memref.view"(%22, %2, %32) : (memref<472xi8, #hivm.address_space<ub>>, index, index) -> memref<?xf32, #hivm.address_space<ub>>
      "hivm.hir.wait_flag"() <{set_pipe = #hivm.pipe<PIPE_MTE3>, static_event_id = #hivm.event<EVENT_ID0>, wait_pipe = #hivm.pipe<PIPE_MTE2>}> : () -> ()
      "hivm.hir.load"(%36, %40) <{init_out_buffer = false, may_implicit_transpose_with_last_axis = false, operandSegmentSizes = array<i32: 1, 1, 0, 0, 0, 0>}> : (memref<?xf32, strided<[1], offset: ?>, #hivm.address_space<gm>>, memref<?xf32, #hivm.address_space<ub>>) -> ()
      "hivm.hir.set_flag"() <{set_pipe = #hivm.pipe<PIPE_MTE2>, static_event_id = #hivm.event<EVENT_ID0>, wait_pipe = #hivm.pipe<PIPE_MTE3>}> : () -> ()
      "hivm.hir.wait_flag"() <{set_pipe = #hivm.pipe<PIPE_MTE2>, static_event_id = #hivm.event<EVENT_ID0>, wait_pipe = #hivm.pipe<PIPE_MTE3>}> : () -> ()
      "hivm.hir.store"(%40, %36) : (memref<?xf32, #hivm.address_space<ub>>, memref<?xf32, strided<[1], offset: ?>, #hivm.address_space<gm>>) -> ()
      "scf.yield"() : () -> ()
    }) {__tiled_for___2, pipeline.veconly} : (index, index, index) -> ()
    "hivm.hir.pipe_barrier"() <{pipe = #hivm.pipe<PIPE_ALL>}> : () -> ()
    "func.return"() : () -> ()
  }) {enable_auto_mark_buffer_size, hacc.block_dim = 2 : i64, hacc.entry, hacc.function_kind = #hacc.function_kind<DEVICE>, hacc.get_tiling_struct_size_function = #hacc.get_tiling_struct_size_function<@k_get_tiling_struct_size_function>, hfusion.fusion_kind = #hfusion.fusion_kind<LAST_AXIS_PBR>, hivm.func_core_type = #hivm.func_core_type<AIV>, hivm.storage_aligned} : () -> ()
}) {hacc.hivmc_compatible_print = true, hacc.hivmc_version = #hacc.hivmc_version<"0.0.0">, hivm.module_core_type = #hivm.module_core_type<AIV>} : () -> ()

