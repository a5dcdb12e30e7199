// Output of bishengir-compile (ascendnpu-ir 1.2.0, Ascend910B1, 2 blocks) before convert-hivm-to-std, in
// generic form: 64 x 512 f16 plus a row, double buffering.
#map = affine_map<()[s0] -> (-s0 + 2)>
#map1 = affine_map<()[s0] -> ((s0 floordiv 2) mod 2)>
#map2 = affine_map<()[s0, s1] -> (s0 * 38 + s1 * 38)>
#map3 = affine_map<()[s0, s1] -> (s0 * -38 - s1 * 38 + 64, 38)>
"builtin.module"() ({
  "func.func"() <{function_type = () -> i64, sym_name = "k_get_tiling_struct_size_function"}> ({
    %47 = "arith.constant"() <{value = 0 : i64}> : () -> i64
    "func.return"(%47) : (i64) -> ()
  }) {hacc.function_kind = #hacc.function_kind<HOST>, hacc.host_func_type = #hacc.host_func_type<get_tiling_struct_size_function>} : () -> ()
  "func.func"() <{arg_attrs = [{hacc.arg_type = #hacc.arg_type<input>, hacc.input_idx = #hacc.input_idx<0>}, {hacc.arg_type = #hacc.arg_type<input>, hacc.input_idx = #hacc.input_idx<1>}, {hacc.arg_type = #hacc.arg_type<output>, hacc.output_idx = #hacc.output_idx<0>}], function_type = (memref<64x512xf16, #hivm.address_space<gm>>, memref<512xf16, #hivm.address_space<gm>>, memref<64x512xf16, #hivm.address_space<gm>>) -> (), sym_name = "k"}> ({
  ^bb0(%arg0: memref<64x512xf16, #hivm.address_space<gm>>, %arg1: memref<512xf16, #hivm.address_space<gm>>, %arg2: memref<64x512xf16, #hivm.address_space<gm>>):
    %0 = "arith.constant"() <{value = 2 : index}> : () -> index
    %1 = "arith.constant"() <{value = 0 : index}> : () -> index
    %2 = "arith.constant"() <{value = 0 : i64}> : () -> i64
    %3 = "arith.constant"() <{value = 1 : i64}> : () -> i64
    %4 = "arith.constant"() <{value = 2 : i64}> : () -> i64
    %5 = "arith.constant"() <{value = 118912 : i64}> : () -> i64
    %6 = "arith.constant"() <{value = 79616 : i64}> : () -> i64
    %7 = "arith.constant"() <{value = 1024 : i64}> : () -> i64
    %8 = "arith.constant"() <{value = 40320 : i64}> : () -> i64
    %9 = "hivm.hir.pointer_cast"(%7) <{operandSegmentSizes = array<i32: 1, 0>}> : (i64) -> memref<39296xi8, #hivm.address_space<ub>>
    %10 = "hivm.hir.pointer_cast"(%8) <{operandSegmentSizes = array<i32: 1, 0>}> : (i64) -> memref<39296xi8, #hivm.address_space<ub>>
    %11 = "hivm.hir.pointer_cast"(%6) <{operandSegmentSizes = array<i32: 1, 0>}> : (i64) -> memref<39296xi8, #hivm.address_space<ub>>
    %12 = "hivm.hir.pointer_cast"(%5) <{operandSegmentSizes = array<i32: 1, 0>}> : (i64) -> memref<39296xi8, #hivm.address_space<ub>>
    %13 = "hivm.hir.pointer_cast"(%7) <{operandSegmentSizes = array<i32: 1, 0>}> : (i64) -> memref<39296xi8, #hivm.address_space<ub>>
    %14 = "hivm.hir.pointer_cast"(%8) <{operandSegmentSizes = array<i32: 1, 0>}> : (i64) -> memref<39296xi8, #hivm.address_space<ub>>
    "hivm.hir.set_mask_norm"() : () -> ()
    %15 = "hivm.hir.pointer_cast"(%2) <{operandSegmentSizes = array<i32: 1, 0>}> : (i64) -> memref<512xf16, #hivm.address_space<ub>>
    "hivm.hir.load"(%arg1, %15) <{init_out_buffer = false, may_implicit_transpose_with_last_axis = false, operandSegmentSizes = array<i32: 1, 1, 0, 0, 0, 0>}> : (memref<512xf16, #hivm.address_space<gm>>, memref<512xf16, #hivm.address_space<ub>>) -> ()
    %16 = "memref.expand_shape"(%15) <{reassociation = [[0, 1]], static_output_shape = array<i64: 1, 512>}> : (memref<512xf16, #hivm.address_space<ub>>) -> memref<1x512xf16, #hivm.address_space<ub>>
    %17 = "hivm.hir.get_block_idx"() : () -> i64
    %18 = "arith.index_cast"(%17) : (i64) -> index
    %19 = "affine.apply"(%18) <{map = #map}> : (index) -> index
    "hivm.hir.set_flag"() <{set_pipe = #hivm.pipe<PIPE_MTE3>, static_event_id = #hivm.event<EVENT_ID1>, wait_pipe = #hivm.pipe<PIPE_MTE2>}> : () -> ()
    "hivm.hir.set_flag"() <{set_pipe = #hivm.pipe<PIPE_MTE3>, static_event_id = #hivm.event<EVENT_ID2>, wait_pipe = #hivm.pipe<PIPE_MTE2>}> : () -> ()
    "scf.for"(%1, %19, %0) ({
    ^bb0(%arg3: index):
      %20 = "affine.apply"(%arg3) <{map = #map1}> : (index) -> index
      %21 = "arith.index_cast"(%20) : (index) -> i64
      %22 = "arith.cmpi"(%21, %3) <{predicate = 0 : i64}> : (i64, i64) -> i1
      %23 = "arith.select"(%22, %10, %9) : (i1, memref<39296xi8, #hivm.address_space<ub>>, memref<39296xi8, #hivm.address_space<ub>>) -> memref<39296xi8, #hivm.address_space<ub>>
      %24 = "affine.apply"(%arg3) <{map = #map1}> : (index) -> index
      %25 = "arith.index_cast"(%24) : (index) -> i64
      %26 = "arith.cmpi"(%25, %3) <{predicate = 0 : i64}> : (i64, i64) -> i1
      %27 = "arith.select"(%26, %12, %11) : (i1, memref<39296xi8, #hivm.address_space<ub>>, memref<39296xi8, #hivm.address_space<ub>>) -> memref<39296xi8, #hivm.address_space<ub>>
      %28 = "affine.apply"(%arg3) <{map = #map1}> : (index) -> index
      %29 = "arith.index_cast"(%28) : (index) -> i64
      %30 = "arith.cmpi"(%29, %3) <{predicate = 0 : i64}> : (i64, i64) -> i1
      %31 = "arith.select"(%30, %14, %13) : (i1, memref<39296xi8, #hivm.address_space<ub>>, memref<39296xi8, #hivm.address_space<ub>>) -> memref<39296xi8, #hivm.address_space<ub>>
      %32 = "affine.apply"(%arg3) <{map = #map1}> : (index) -> index
      %33 = "arith.index_cast"(%32) : (index) -> i1
      %34 = "arith.select"(%33, %3, %4) : (i1, i64, i64) -> i64
      %35 = "affine.apply"(%18, %arg3) <{map = #map2}> : (index, index) -> index
      %36 = "affine.min"(%18, %arg3) <{map = #map3}> : (index, index) -> index
      %37 = "memref.subview"(%arg0, %35, %36) <{operandSegmentSizes = array<i32: 1, 1, 1, 0>, static_offsets = array<i64: -9223372036854775808, 0>, static_sizes = array<i64: -9223372036854775808, 512>, static_strides = array<i64: 1, 1>}> : (memref<64x512xf16, #hivm.address_space<gm>>, index, index) -> memref<?x512xf16, strided<[512, 1], offset: ?>, #hivm.address_space<gm>>
      %38 = "memref.view"(%31, %1, %36) : (memref<39296xi8, #hivm.address_space<ub>>, index, index) -> memref<?x512xf16, #hivm.address_space<ub>>
      %39 = "memref.collapse_shape"(%37) <{reassociation = [[0, 1]]}> : (memref<?x512xf16, strided<[512, 1], offset: ?>, #hivm.address_space<gm>>) -> memref<?xf16, strided<[1], offset: ?>, #hivm.address_space<gm>>
      %40 = "memref.collapse_shape"(%38) <{reassociation = [[0, 1]]}> : (memref<?x512xf16, #hivm.address_space<ub>>) -> memref<?xf16, #hivm.address_space<ub>>
      "hivm.hir.wait_flag"(%34) <{set_pipe = #hivm.pipe<PIPE_MTE3>, wait_pipe = #hivm.pipe<PIPE_MTE2>}> : (i64) -> ()
      "hivm.hir.load"(%39, %40) <{init_out_buffer = false, may_implicit_transpose_with_last_axis = false, operandSegmentSizes = array<i32: 1, 1, 0, 0, 0, 0>}> : (memref<?xf16, strided<[1], offset: ?>, #hivm.address_space<gm>>, memref<?xf16, #hivm.address_space<ub>>) -> ()
      "hivm.hir.set_flag"() <{set_pipe = #hivm.pipe<PIPE_MTE2>, static_event_id = #hivm.event<EVENT_ID0>, wait_pipe = #hivm.pipe<PIPE_V>}> : () -> ()
      %41 = "memref.subview"(%arg2, %35, %36) <{operandSegmentSizes = array<i32: 1, 1, 1, 0>, static_offsets = array<i64: -9223372036854775808, 0>, static_sizes = array<i64: -9223372036854775808, 512>, static_strides = array<i64: 1, 1>}> : (memref<64x512xf16, #hivm.address_space<gm>>, index, index) -> memref<?x512xf16, strided<[512, 1], offset: ?>, #hivm.address_space<gm>>
      %42 = "memref.view"(%27, %1, %36) : (memref<39296xi8, #hivm.address_space<ub>>, index, index) -> memref<?x512xf16, #hivm.address_space<ub>>
      "hivm.hir.wait_flag"() <{set_pipe = #hivm.pipe<PIPE_MTE2>, static_event_id = #hivm.event<EVENT_ID0>, wait_pipe = #hivm.pipe<PIPE_V>}> : () -> ()
      "hivm.hir.vadd"(%38, %16, %42) <{broadcast = array<i64: 0>, operandSegmentSizes = array<i32: 2, 1, 0>, transpose = array<i64>}> : (memref<?x512xf16, #hivm.address_space<ub>>, memref<1x512xf16, #hivm.address_space<ub>>, memref<?x512xf16, #hivm.address_space<ub>>) -> ()
      "hivm.hir.set_flag"() <{set_pipe = #hivm.pipe<PIPE_V>, static_event_id = #hivm.event<EVENT_ID0>, wait_pipe = #hivm.pipe<PIPE_MTE3>}> : () -> ()
      %43 = "memref.collapse_shape"(%42) <{reassociation = [[0, 1]]}> : (memref<?x512xf16, #hivm.address_space<ub>>) -> memref<?xf16, #hivm.address_space<ub>>
      %44 = "memref.collapse_shape"(%41) <{reassociation = [[0, 1]]}> : (memref<?x512xf16, strided<[512, 1], offset: ?>, #hivm.address_space<gm>>) -> memref<?xf16, strided<[1], offset: ?>, #hivm.address_space<gm>>
      "hivm.hir.wait_flag"() <{set_pipe = #hivm.pipe<PIPE_V>, static_event_id = #hivm.event<EVENT_ID0>, wait_pipe = #hivm.pipe<PIPE_MTE3>}> : () -> ()
      "hivm.hir.pipe_barrier"() <{pipe = #hivm.pipe<PIPE_MTE3>}> : () -> ()
      "hivm.hir.store"(%43, %44) <{atomic_kind = #hivm.atomic_kind<none>}> : (memref<?xf16, #hivm.address_space<ub>>, memref<?xf16, strided<[1], offset: ?>, #hivm.address_space<gm>>) -> ()
      "hivm.hir.set_flag"() <{set_pipe = #hivm.pipe<PIPE_MTE3>, static_event_id = #hivm.event<EVENT_ID0>, wait_pipe = #hivm.pipe<PIPE_MTE2>}> : () -> ()
      %45 = "memref.view"(%23, %1, %36) : (memref<39296xi8, #hivm.address_space<ub>>, index, index) -> memref<?x512xf16, #hivm.address_space<ub>>
      %46 = "memref.collapse_shape"(%45) <{reassociation = [[0, 1]]}> : (memref<?x512xf16, #hivm.address_space<ub>>) -> memref<?xf16, #hivm.address_space<ub>>
      "hivm.hir.wait_flag"() <{set_pipe = #hivm.pipe<PIPE_MTE3>, static_event_id = #hivm.event<EVENT_ID0>, wait_pipe = #hivm.pipe<PIPE_MTE2>}> : () -> ()
      "hivm.hir.load"(%44, %46) <{init_out_buffer = false, may_implicit_transpose_with_last_axis = false, operandSegmentSizes = array<i32: 1, 1, 0, 0, 0, 0>}> : (memref<?xf16, strided<[1], offset: ?>, #hivm.address_space<gm>>, memref<?xf16, #hivm.address_space<ub>>) -> ()
      "hivm.hir.set_flag"() <{set_pipe = #hivm.pipe<PIPE_MTE2>, static_event_id = #hivm.event<EVENT_ID0>, wait_pipe = #hivm.pipe<PIPE_MTE3>}> : () -> ()
      "hivm.hir.wait_flag"() <{set_pipe = #hivm.pipe<PIPE_MTE2>, static_event_id = #hivm.event<EVENT_ID0>, wait_pipe = #hivm.pipe<PIPE_MTE3>}> : () -> ()
      "hivm.hir.store"(%46, %44) : (memref<?xf16, #hivm.address_space<ub>>, memref<?xf16, strided<[1], offset: ?>, #hivm.address_space<gm>>) -> ()
      "hivm.hir.set_flag"(%34) <{set_pipe = #hivm.pipe<PIPE_MTE3>, wait_pipe = #hivm.pipe<PIPE_MTE2>}> : (i64) -> ()
      "scf.yield"() : () -> ()
    }) {__tiled_for___3, pipeline.veconly} : (index, index, index) -> ()
    "hivm.hir.wait_flag"() <{set_pipe = #hivm.pipe<PIPE_MTE3>, static_event_id = #hivm.event<EVENT_ID1>, wait_pipe = #hivm.pipe<PIPE_MTE2>}> : () -> ()
    "hivm.hir.wait_flag"() <{set_pipe = #hivm.pipe<PIPE_MTE3>, static_event_id = #hivm.event<EVENT_ID2>, wait_pipe = #hivm.pipe<PIPE_MTE2>}> : () -> ()
    "hivm.hir.pipe_barrier"() <{pipe = #hivm.pipe<PIPE_ALL>}> : () -> ()
    "func.return"() : () -> ()
  }) {enable_auto_mark_buffer_size, hacc.block_dim = 2 : i64, hacc.entry, hacc.function_kind = #hacc.function_kind<DEVICE>, hacc.get_tiling_struct_size_function = #hacc.get_tiling_struct_size_function<@k_get_tiling_struct_size_function>, hfusion.fusion_kind = #hfusion.fusion_kind<ANY_PB>, hivm.func_core_type = #hivm.func_core_type<AIV>, hivm.storage_aligned} : () -> ()
}) {hacc.hivmc_compatible_print = true, hacc.hivmc_version = #hacc.hivmc_version<"0.0.0">, hivm.module_core_type = #hivm.module_core_type<AIV>} : () -> ()

