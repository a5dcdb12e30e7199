// Output of bishengir-compile (ascendnpu-ir 1.2.0, Ascend910B1, 2 blocks) before convert-hivm-to-std, in
// generic form: softmax of 24 x 1024 f32, double buffering, buffer count tuning 32: it reads sums as numbers.
#map = affine_map<()[s0] -> (-s0 + 24)>
#map1 = affine_map<()[s0] -> ((s0 floordiv 2) mod 2)>
#map2 = affine_map<()[s0, s1] -> (s0 + s1)>
"builtin.module"() ({
  "func.func"() <{function_type = () -> i64, sym_name = "k_get_tiling_struct_size_function"}> ({
    %54 = "arith.constant"() <{value = 0 : i64}> : () -> i64
    "func.return"(%54) : (i64) -> ()
  }) {hacc.function_kind = #hacc.function_kind<HOST>, hacc.host_func_type = #hacc.host_func_type<get_tiling_struct_size_function>} : () -> ()
  "func.func"() <{arg_attrs = [{hacc.arg_type = #hacc.arg_type<input>, hacc.input_idx = #hacc.input_idx<0>}, {hacc.arg_type = #hacc.arg_type<output>, hacc.output_idx = #hacc.output_idx<0>}], function_type = (memref<24x1024xf32, #hivm.address_space<gm>>, memref<24x1024xf32, #hivm.address_space<gm>>) -> (), sym_name = "k"}> ({
  ^bb0(%arg0: memref<24x1024xf32, #hivm.address_space<gm>>, %arg1: memref<24x1024xf32, #hivm.address_space<gm>>):
    %0 = "arith.constant"() <{value = 1 : i64}> : () -> i64
    %1 = "arith.constant"() <{value = 2 : index}> : () -> index
    %2 = "arith.constant"() <{value = 0 : index}> : () -> index
    %3 = "arith.constant"() <{value = 0.000000e+00 : f32}> : () -> f32
    %4 = "arith.constant"() <{value = 4096 : i64}> : () -> i64
    %5 = "arith.constant"() <{value = 4128 : i64}> : () -> i64
    %6 = "arith.constant"() <{value = 4384 : i64}> : () -> i64
    %7 = "arith.constant"() <{value = 4416 : i64}> : () -> i64
    %8 = "arith.constant"() <{value = 6464 : i64}> : () -> i64
    %9 = "arith.constant"() <{value = 10592 : i64}> : () -> i64
    %10 = "arith.constant"() <{value = 0 : i64}> : () -> i64
    %11 = "arith.constant"() <{value = 6496 : i64}> : () -> i64
    %12 = "arith.constant"() <{value = 14688 : i64}> : () -> i64
    %13 = "hivm.hir.pointer_cast"(%11) <{operandSegmentSizes = array<i32: 1, 0>}> : (i64) -> memref<1x1024xf32, #hivm.address_space<ub>>
    %14 = "hivm.hir.pointer_cast"(%12) <{operandSegmentSizes = array<i32: 1, 0>}> : (i64) -> memref<1x1024xf32, #hivm.address_space<ub>>
    %15 = "hivm.hir.pointer_cast"(%10) <{operandSegmentSizes = array<i32: 1, 0>}> : (i64) -> memref<1x1024xf32, #hivm.address_space<ub>>
    %16 = "hivm.hir.pointer_cast"(%9) <{operandSegmentSizes = array<i32: 1, 0>}> : (i64) -> memref<1x1024xf32, #hivm.address_space<ub>>
    %17 = "hivm.hir.pointer_cast"(%10) <{operandSegmentSizes = array<i32: 1, 0>}> : (i64) -> memref<1x1024xf32, #hivm.address_space<ub>>
    %18 = "hivm.hir.pointer_cast"(%9) <{operandSegmentSizes = array<i32: 1, 0>}> : (i64) -> memref<1x1024xf32, #hivm.address_space<ub>>
    "hivm.hir.set_mask_norm"() : () -> ()
    %19 = "hivm.hir.get_block_idx"() : () -> i64
    %20 = "arith.index_cast"(%19) : (i64) -> index
    %21 = "affine.apply"(%20) <{map = #map}> : (index) -> index
    "hivm.hir.set_flag"() <{set_pipe = #hivm.pipe<PIPE_S>, static_event_id = #hivm.event<EVENT_ID0>, wait_pipe = #hivm.pipe<PIPE_V>}> : () -> ()
    "hivm.hir.set_flag"() <{set_pipe = #hivm.pipe<PIPE_S>, static_event_id = #hivm.event<EVENT_ID1>, wait_pipe = #hivm.pipe<PIPE_V>}> : () -> ()
    "scf.for"(%2, %21, %1) ({
    ^bb0(%arg2: index):
      %22 = "affine.apply"(%arg2) <{map = #map1}> : (index) -> index
      %23 = "arith.index_cast"(%22) : (index) -> i64
      %24 = "arith.cmpi"(%23, %0) <{predicate = 0 : i64}> : (i64, i64) -> i1
      %25 = "arith.select"(%24, %14, %13) : (i1, memref<1x1024xf32, #hivm.address_space<ub>>, memref<1x1024xf32, #hivm.address_space<ub>>) -> memref<1x1024xf32, #hivm.address_space<ub>>
      %26 = "affine.apply"(%arg2) <{map = #map1}> : (index) -> index
      %27 = "arith.index_cast"(%26) : (index) -> i64
      %28 = "arith.cmpi"(%27, %0) <{predicate = 0 : i64}> : (i64, i64) -> i1
      %29 = "arith.select"(%28, %16, %15) : (i1, memref<1x1024xf32, #hivm.address_space<ub>>, memref<1x1024xf32, #hivm.address_space<ub>>) -> memref<1x1024xf32, #hivm.address_space<ub>>
      %30 = "affine.apply"(%arg2) <{map = #map1}> : (index) -> index
      %31 = "arith.index_cast"(%30) : (index) -> i64
      %32 = "arith.cmpi"(%31, %0) <{predicate = 0 : i64}> : (i64, i64) -> i1
      %33 = "arith.select"(%32, %18, %17) : (i1, memref<1x1024xf32, #hivm.address_space<ub>>, memref<1x1024xf32, #hivm.address_space<ub>>) -> memref<1x1024xf32, #hivm.address_space<ub>>
      %34 = "affine.apply"(%20, %arg2) <{map = #map2}> : (index, index) -> index
      %35 = "memref.subview"(%arg0, %34) <{operandSegmentSizes = array<i32: 1, 1, 0, 0>, static_offsets = array<i64: -9223372036854775808, 0>, static_sizes = array<i64: 1, 1024>, static_strides = array<i64: 1, 1>}> : (memref<24x1024xf32, #hivm.address_space<gm>>, index) -> memref<1x1024xf32, strided<[1024, 1], offset: ?>, #hivm.address_space<gm>>
      %36 = "memref.subview"(%arg1, %34) <{operandSegmentSizes = array<i32: 1, 1, 0, 0>, static_offsets = array<i64: -9223372036854775808, 0>, static_sizes = array<i64: 1, 1024>, static_strides = array<i64: 1, 1>}> : (memref<24x1024xf32, #hivm.address_space<gm>>, index) -> memref<1x1024xf32, strided<[1024, 1], offset: ?>, #hivm.address_space<gm>>
      %37 = "memref.collapse_shape"(%35) <{reassociation = [[0, 1]]}> : (memref<1x1024xf32, strided<[1024, 1], offset: ?>, #hivm.address_space<gm>>) -> memref<1024xf32, strided<[1], offset: ?>, #hivm.address_space<gm>>
      %38 = "memref.collapse_shape"(%33) <{reassociation = [[0, 1]]}> : (memref<1x1024xf32, #hivm.address_space<ub>>) -> memref<1024xf32, #hivm.address_space<ub>>
      "hivm.hir.load"(%37, %38) <{init_out_buffer = false, may_implicit_transpose_with_last_axis = false, operandSegmentSizes = array<i32: 1, 1, 0, 0, 0, 0>}> : (memref<1024xf32, strided<[1], offset: ?>, #hivm.address_space<gm>>, memref<1024xf32, #hivm.address_space<ub>>) -> ()
      "hivm.hir.set_flag"() <{set_pipe = #hivm.pipe<PIPE_MTE2>, static_event_id = #hivm.event<EVENT_ID0>, wait_pipe = #hivm.pipe<PIPE_V>}> : () -> ()
      %39 = "hivm.hir.pointer_cast"(%4) <{operandSegmentSizes = array<i32: 1, 0>}> : (i64) -> memref<1x1xf32, #hivm.address_space<ub>>
      %40 = "memref.collapse_shape"(%39) <{reassociation = [[0, 1]]}> : (memref<1x1xf32, #hivm.address_space<ub>>) -> memref<1xf32, #hivm.address_space<ub>>
      %41 = "hivm.hir.pointer_cast"(%5) <{operandSegmentSizes = array<i32: 1, 0>}> : (i64) -> memref<64xf32, #hivm.address_space<ub>>
      "hivm.hir.wait_flag"() <{set_pipe = #hivm.pipe<PIPE_S>, static_event_id = #hivm.event<EVENT_ID0>, wait_pipe = #hivm.pipe<PIPE_V>}> : () -> ()
      "hivm.hir.wait_flag"() <{set_pipe = #hivm.pipe<PIPE_MTE2>, static_event_id = #hivm.event<EVENT_ID0>, wait_pipe = #hivm.pipe<PIPE_V>}> : () -> ()
      "hivm.hir.vreduce"(%38, %40, %41) <{arith = #hivm.reduce_op<max>, operandSegmentSizes = array<i32: 1, 1, 1, 0>, reduce_dims = array<i64: 0>}> : (memref<1024xf32, #hivm.address_space<ub>>, memref<1xf32, #hivm.address_space<ub>>, memref<64xf32, #hivm.address_space<ub>>) -> ()
      "hivm.hir.set_flag"() <{set_pipe = #hivm.pipe<PIPE_V>, static_event_id = #hivm.event<EVENT_ID0>, wait_pipe = #hivm.pipe<PIPE_S>}> : () -> ()
      "hivm.hir.wait_flag"() <{set_pipe = #hivm.pipe<PIPE_V>, static_event_id = #hivm.event<EVENT_ID0>, wait_pipe = #hivm.pipe<PIPE_S>}> : () -> ()
      %42 = "memref.load"(%39, %2, %2) : (memref<1x1xf32, #hivm.address_space<ub>>, index, index) -> f32
      "hivm.hir.set_flag"() <{set_pipe = #hivm.pipe<PIPE_S>, static_event_id = #hivm.event<EVENT_ID0>, wait_pipe = #hivm.pipe<PIPE_V>}> : () -> ()
      %43 = "arith.subf"(%3, %42) <{fastmath = #arith.fastmath<none>}> : (f32, f32) -> f32
      %44 = "memref.collapse_shape"(%33) <{reassociation = [[0, 1]]}> : (memref<1x1024xf32, #hivm.address_space<ub>>) -> memref<1024xf32, #hivm.address_space<ub>>
      "hivm.hir.vadd"(%38, %43, %44) <{broadcast = array<i64>, operandSegmentSizes = array<i32: 2, 1, 0>, transpose = array<i64>}> : (memref<1024xf32, #hivm.address_space<ub>>, f32, memref<1024xf32, #hivm.address_space<ub>>) -> ()
      %45 = "memref.collapse_shape"(%33) <{reassociation = [[0, 1]]}> : (memref<1x1024xf32, #hivm.address_space<ub>>) -> memref<1024xf32, #hivm.address_space<ub>>
      "hivm.hir.pipe_barrier"() <{pipe = #hivm.pipe<PIPE_V>}> : () -> ()
      "hivm.hir.vexp"(%44, %45) <{broadcast = array<i64>, operandSegmentSizes = array<i32: 1, 1, 0>, transpose = array<i64>}> : (memref<1024xf32, #hivm.address_space<ub>>, memref<1024xf32, #hivm.address_space<ub>>) -> ()
      %46 = "hivm.hir.pointer_cast"(%6) <{operandSegmentSizes = array<i32: 1, 0>}> : (i64) -> memref<1x1xf32, #hivm.address_space<ub>>
      %47 = "memref.collapse_shape"(%46) <{reassociation = [[0, 1]]}> : (memref<1x1xf32, #hivm.address_space<ub>>) -> memref<1xf32, #hivm.address_space<ub>>
      %48 = "hivm.hir.pointer_cast"(%7) <{operandSegmentSizes = array<i32: 1, 0>}> : (i64) -> memref<512xf32, #hivm.address_space<ub>>
      "hivm.hir.wait_flag"() <{set_pipe = #hivm.pipe<PIPE_S>, static_event_id = #hivm.event<EVENT_ID1>, wait_pipe = #hivm.pipe<PIPE_V>}> : () -> ()
      "hivm.hir.pipe_barrier"() <{pipe = #hivm.pipe<PIPE_V>}> : () -> ()
      "hivm.hir.vreduce"(%45, %47, %48) <{arith = #hivm.reduce_op<sum>, operandSegmentSizes = array<i32: 1, 1, 1, 0>, reduce_dims = array<i64: 0>}> : (memref<1024xf32, #hivm.address_space<ub>>, memref<1xf32, #hivm.address_space<ub>>, memref<512xf32, #hivm.address_space<ub>>) -> ()
      "hivm.hir.set_flag"() <{set_pipe = #hivm.pipe<PIPE_V>, static_event_id = #hivm.event<EVENT_ID0>, wait_pipe = #hivm.pipe<PIPE_S>}> : () -> ()
      "hivm.hir.wait_flag"() <{set_pipe = #hivm.pipe<PIPE_V>, static_event_id = #hivm.event<EVENT_ID0>, wait_pipe = #hivm.pipe<PIPE_S>}> : () -> ()
      %49 = "memref.load"(%46, %2, %2) : (memref<1x1xf32, #hivm.address_space<ub>>, index, index) -> f32
      "hivm.hir.set_flag"() <{set_pipe = #hivm.pipe<PIPE_S>, static_event_id = #hivm.event<EVENT_ID1>, wait_pipe = #hivm.pipe<PIPE_V>}> : () -> ()
      %50 = "memref.collapse_shape"(%29) <{reassociation = [[0, 1]]}> : (memref<1x1024xf32, #hivm.address_space<ub>>) -> memref<1024xf32, #hivm.address_space<ub>>
      %51 = "hivm.hir.pointer_cast"(%8) <{operandSegmentSizes = array<i32: 1, 0>}> : (i64) -> memref<8xf32, #hivm.address_space<ub>>
      "hivm.hir.vdiv"(%45, %49, %50, %51) <{broadcast = array<i64>, operandSegmentSizes = array<i32: 2, 1, 1>, transpose = array<i64>}> : (memref<1024xf32, #hivm.address_space<ub>>, f32, memref<1024xf32, #hivm.address_space<ub>>, memref<8xf32, #hivm.address_space<ub>>) -> ()
      "hivm.hir.set_flag"() <{set_pipe = #hivm.pipe<PIPE_V>, static_event_id = #hivm.event<EVENT_ID0>, wait_pipe = #hivm.pipe<PIPE_MTE3>}> : () -> ()
      %52 = "memref.collapse_shape"(%36) <{reassociation = [[0, 1]]}> : (memref<1x1024xf32, strided<[1024, 1], offset: ?>, #hivm.address_space<gm>>) -> memref<1024xf32, strided<[1], offset: ?>, #hivm.address_space<gm>>
      "hivm.hir.wait_flag"() <{set_pipe = #hivm.pipe<PIPE_V>, static_event_id = #hivm.event<EVENT_ID0>, wait_pipe = #hivm.pipe<PIPE_MTE3>}> : () -> ()
      "hivm.hir.pipe_barrier"() <{pipe = #hivm.pipe<PIPE_MTE3>}> : () -> ()
      "hivm.hir.store"(%50, %52) <{atomic_kind = #hivm.atomic_kind<none>}> : (memref<1024xf32, #hivm.address_space<ub>>, memref<1024xf32, strided<[1], offset: ?>, #hivm.address_space<gm>>) -> ()
      "hivm.hir.set_flag"() <{set_pipe = #hivm.pipe<PIPE_MTE3>, static_event_id = #hivm.event<EVENT_ID0>, wait_pipe = #hivm.pipe<PIPE_MTE2>}> : () -> ()
      %53 = "memref.collapse_shape"(%25) <{reassociation = [[0, 1]]}> : (memref<1x1024xf32, #hivm.address_space<ub>>) -> memref<1024xf32, #hivm.address_space<ub>>
      "hivm.hir.wait_flag"() <{set_pipe = #hivm.pipe<PIPE_MTE3>, static_event_id = #hivm.event<EVENT_ID0>, wait_pipe = #hivm.pipe<PIPE_MTE2>}> : () -> ()
      "hivm.hir.load"(%52, %53) <{init_out_buffer = false, may_implicit_transpose_with_last_axis = false, operandSegmentSizes = array<i32: 1, 1, 0, 0, 0, 0>}> : (memref<1024xf32, strided<[1], offset: ?>, #hivm.address_space<gm>>, memref<1024xf32, #hivm.address_space<ub>>) -> ()
      "hivm.hir.set_flag"() <{set_pipe = #hivm.pipe<PIPE_MTE2>, static_event_id = #hivm.event<EVENT_ID0>, wait_pipe = #hivm.pipe<PIPE_MTE3>}> : () -> ()
      "hivm.hir.wait_flag"() <{set_pipe = #hivm.pipe<PIPE_MTE2>, static_event_id = #hivm.event<EVENT_ID0>, wait_pipe = #hivm.pipe<PIPE_MTE3>}> : () -> ()
      "hivm.hir.store"(%53, %52) : (memref<1024xf32, #hivm.address_space<ub>>, memref<1024xf32, strided<[1], offset: ?>, #hivm.address_space<gm>>) -> ()
      "scf.yield"() : () -> ()
    }) {__tiled_for___2, pipeline.veconly} : (index, index, index) -> ()
    "hivm.hir.wait_flag"() <{set_pipe = #hivm.pipe<PIPE_S>, static_event_id = #hivm.event<EVENT_ID0>, wait_pipe = #hivm.pipe<PIPE_V>}> : () -> ()
    "hivm.hir.wait_flag"() <{set_pipe = #hivm.pipe<PIPE_S>, static_event_id = #hivm.event<EVENT_ID1>, wait_pipe = #hivm.pipe<PIPE_V>}> : () -> ()
    "hivm.hir.pipe_barrier"() <{pipe = #hivm.pipe<PIPE_ALL>}> : () -> ()
    "func.return"() : () -> ()
  }) {enable_auto_mark_buffer_size, hacc.block_dim = 2 : i64, hacc.entry, hacc.function_kind = #hacc.function_kind<DEVICE>, hacc.get_tiling_struct_size_function = #hacc.get_tiling_struct_size_function<@k_get_tiling_struct_size_function>, hfusion.fusion_kind = #hfusion.fusion_kind<LAST_AXIS_PBR>, hivm.func_core_type = #hivm.func_core_type<AIV>, hivm.storage_aligned} : () -> ()
}) {hacc.hivmc_compatible_print = true, hacc.hivmc_version = #hacc.hivmc_version<"0.0.0">, hivm.module_core_type = #hivm.module_core_type<AIV>} : () -> ()

