// Output of bishengir-compile (ascendnpu-ir 1.2.0, Ascend910B1, 2 blocks) before convert-hivm-to-std, in
// generic form: softmax of 64 x 512 f32, double buffering.
#map = affine_map<()[s0] -> (-s0 + 10)>
#map1 = affine_map<()[s0] -> ((s0 floordiv 2) mod 2)>
#map2 = affine_map<()[s0, s1] -> (s0 * 7 + s1 * 7)>
#map3 = affine_map<()[s0, s1] -> (s0 * -7 - s1 * 7 + 64, 7)>
"builtin.module"() ({
  "func.func"() <{function_type = () -> i64, sym_name = "k_get_tiling_struct_size_function"}> ({
    %58 = "arith.constant"() <{value = 0 : i64}> : () -> i64
    "func.return"(%58) : (i64) -> ()
  }) {hacc.function_kind = #hacc.function_kind<HOST>, hacc.host_func_type = #hacc.host_func_type<get_tiling_struct_size_function>} : () -> ()
  "func.func"() <{arg_attrs = [{hacc.arg_type = #hacc.arg_type<input>, hacc.input_idx = #hacc.input_idx<0>}, {hacc.arg_type = #hacc.arg_type<output>, hacc.output_idx = #hacc.output_idx<0>}], function_type = (memref<64x512xf32, #hivm.address_space<gm>>, memref<64x512xf32, #hivm.address_space<gm>>) -> (), sym_name = "k"}> ({
  ^bb0(%arg0: memref<64x512xf32, #hivm.address_space<gm>>, %arg1: memref<64x512xf32, #hivm.address_space<gm>>):
    %0 = "arith.constant"() <{value = 1 : i64}> : () -> i64
    %1 = "arith.constant"() <{value = 2 : index}> : () -> index
    %2 = "arith.constant"() <{value = 0 : index}> : () -> index
    %3 = "arith.constant"() <{value = 15104 : i64}> : () -> i64
    %4 = "arith.constant"() <{value = 15136 : i64}> : () -> i64
    %5 = "arith.constant"() <{value = 30240 : i64}> : () -> i64
    %6 = "arith.constant"() <{value = 45344 : i64}> : () -> i64
    %7 = "arith.constant"() <{value = 45376 : i64}> : () -> i64
    %8 = "arith.constant"() <{value = 60480 : i64}> : () -> i64
    %9 = "arith.constant"() <{value = 90688 : i64}> : () -> i64
    %10 = "arith.constant"() <{value = 0 : i64}> : () -> i64
    %11 = "arith.constant"() <{value = 75584 : i64}> : () -> i64
    %12 = "arith.constant"() <{value = 105792 : i64}> : () -> i64
    %13 = "hivm.hir.pointer_cast"(%11) <{operandSegmentSizes = array<i32: 1, 0>}> : (i64) -> memref<15104xi8, #hivm.address_space<ub>>
    %14 = "hivm.hir.pointer_cast"(%12) <{operandSegmentSizes = array<i32: 1, 0>}> : (i64) -> memref<15104xi8, #hivm.address_space<ub>>
    %15 = "hivm.hir.pointer_cast"(%10) <{operandSegmentSizes = array<i32: 1, 0>}> : (i64) -> memref<15104xi8, #hivm.address_space<ub>>
    %16 = "hivm.hir.pointer_cast"(%9) <{operandSegmentSizes = array<i32: 1, 0>}> : (i64) -> memref<15104xi8, #hivm.address_space<ub>>
    %17 = "hivm.hir.pointer_cast"(%10) <{operandSegmentSizes = array<i32: 1, 0>}> : (i64) -> memref<15104xi8, #hivm.address_space<ub>>
    %18 = "hivm.hir.pointer_cast"(%9) <{operandSegmentSizes = array<i32: 1, 0>}> : (i64) -> memref<15104xi8, #hivm.address_space<ub>>
    "hivm.hir.set_mask_norm"() : () -> ()
    %19 = "hivm.hir.get_block_idx"() : () -> i64
    %20 = "arith.index_cast"(%19) : (i64) -> index
    %21 = "affine.apply"(%20) <{map = #map}> : (index) -> index
    "scf.for"(%2, %21, %1) ({
    ^bb0(%arg2: index):
      %22 = "affine.apply"(%arg2) <{map = #map1}> : (index) -> index
      %23 = "arith.index_cast"(%22) : (index) -> i64
      %24 = "arith.cmpi"(%23, %0) <{predicate = 0 : i64}> : (i64, i64) -> i1
      %25 = "arith.select"(%24, %14, %13) : (i1, memref<15104xi8, #hivm.address_space<ub>>, memref<15104xi8, #hivm.address_space<ub>>) -> memref<15104xi8, #hivm.address_space<ub>>
      %26 = "affine.apply"(%arg2) <{map = #map1}> : (index) -> index
      %27 = "arith.index_cast"(%26) : (index) -> i64
      %28 = "arith.cmpi"(%27, %0) <{predicate = 0 : i64}> : (i64, i64) -> i1
      %29 = "arith.select"(%28, %16, %15) : (i1, memref<15104xi8, #hivm.address_space<ub>>, memref<15104xi8, #hivm.address_space<ub>>) -> memref<15104xi8, #hivm.address_space<ub>>
      %30 = "affine.apply"(%arg2) <{map = #map1}> : (index) -> index
      %31 = "arith.index_cast"(%30) : (index) -> i64
      %32 = "arith.cmpi"(%31, %0) <{predicate = 0 : i64}> : (i64, i64) -> i1
      %33 = "arith.select"(%32, %18, %17) : (i1, memref<15104xi8, #hivm.address_space<ub>>, memref<15104xi8, #hivm.address_space<ub>>) -> memref<15104xi8, #hivm.address_space<ub>>
      %34 = "affine.apply"(%20, %arg2) <{map = #map2}> : (index, index) -> index
      %35 = "affine.min"(%20, %arg2) <{map = #map3}> : (index, index) -> index
      %36 = "memref.subview"(%arg0, %34, %35) <{operandSegmentSizes = array<i32: 1, 1, 1, 0>, static_offsets = array<i64: -9223372036854775808, 0>, static_sizes = array<i64: -9223372036854775808, 512>, static_strides = array<i64: 1, 1>}> : (memref<64x512xf32, #hivm.address_space<gm>>, index, index) -> memref<?x512xf32, strided<[512, 1], offset: ?>, #hivm.address_space<gm>>
      %37 = "memref.view"(%33, %2, %35) : (memref<15104xi8, #hivm.address_space<ub>>, index, index) -> memref<?x512xf32, #hivm.address_space<ub>>
      %38 = "memref.collapse_shape"(%36) <{reassociation = [[0, 1]]}> : (memref<?x512xf32, strided<[512, 1], offset: ?>, #hivm.address_space<gm>>) -> memref<?xf32, strided<[1], offset: ?>, #hivm.address_space<gm>>
      %39 = "memref.collapse_shape"(%37) <{reassociation = [[0, 1]]}> : (memref<?x512xf32, #hivm.address_space<ub>>) -> memref<?xf32, #hivm.address_space<ub>>
      "hivm.hir.load"(%38, %39) <{init_out_buffer = false, may_implicit_transpose_with_last_axis = false, operandSegmentSizes = array<i32: 1, 1, 0, 0, 0, 0>}> : (memref<?xf32, strided<[1], offset: ?>, #hivm.address_space<gm>>, memref<?xf32, #hivm.address_space<ub>>) -> ()
      "hivm.hir.set_flag"() <{set_pipe = #hivm.pipe<PIPE_MTE2>, static_event_id = #hivm.event<EVENT_ID0>, wait_pipe = #hivm.pipe<PIPE_V>}> : () -> ()
      %40 = "memref.subview"(%arg1, %34, %35) <{operandSegmentSizes = array<i32: 1, 1, 1, 0>, static_offsets = array<i64: -9223372036854775808, 0>, static_sizes = array<i64: -9223372036854775808, 512>, static_strides = array<i64: 1, 1>}> : (memref<64x512xf32, #hivm.address_space<gm>>, index, index) -> memref<?x512xf32, strided<[512, 1], offset: ?>, #hivm.address_space<gm>>
      %41 = "hivm.hir.pointer_cast"(%3) <{operandSegmentSizes = array<i32: 1, 0>}> : (i64) -> memref<28xi8, #hivm.address_space<ub>>
      %42 = "memref.view"(%41, %2, %35) : (memref<28xi8, #hivm.address_space<ub>>, index, index) -> memref<?x1xf32, #hivm.address_space<ub>>
      %43 = "hivm.hir.pointer_cast"(%4) <{operandSegmentSizes = array<i32: 1, 0>}> : (i64) -> memref<3776xf32, #hivm.address_space<ub>>
      "hivm.hir.wait_flag"() <{set_pipe = #hivm.pipe<PIPE_MTE2>, static_event_id = #hivm.event<EVENT_ID0>, wait_pipe = #hivm.pipe<PIPE_V>}> : () -> ()
      "hivm.hir.vreduce"(%37, %42, %43) <{arith = #hivm.reduce_op<max>, operandSegmentSizes = array<i32: 1, 1, 1, 0>, reduce_dims = array<i64: 1>}> : (memref<?x512xf32, #hivm.address_space<ub>>, memref<?x1xf32, #hivm.address_space<ub>>, memref<3776xf32, #hivm.address_space<ub>>) -> ()
      %44 = "memref.view"(%33, %2, %35) : (memref<15104xi8, #hivm.address_space<ub>>, index, index) -> memref<?x512xf32, #hivm.address_space<ub>>
      %45 = "hivm.hir.pointer_cast"(%5) <{operandSegmentSizes = array<i32: 1, 0>}> : (i64) -> memref<3776xf32, #hivm.address_space<ub>>
      "hivm.hir.pipe_barrier"() <{pipe = #hivm.pipe<PIPE_V>}> : () -> ()
      "hivm.hir.vsub"(%37, %42, %44, %45) <{broadcast = array<i64: 1>, operandSegmentSizes = array<i32: 2, 1, 1>, transpose = array<i64>}> : (memref<?x512xf32, #hivm.address_space<ub>>, memref<?x1xf32, #hivm.address_space<ub>>, memref<?x512xf32, #hivm.address_space<ub>>, memref<3776xf32, #hivm.address_space<ub>>) -> ()
      %46 = "memref.view"(%33, %2, %35) : (memref<15104xi8, #hivm.address_space<ub>>, index, index) -> memref<?x512xf32, #hivm.address_space<ub>>
      %47 = "memref.collapse_shape"(%44) <{reassociation = [[0, 1]]}> : (memref<?x512xf32, #hivm.address_space<ub>>) -> memref<?xf32, #hivm.address_space<ub>>
      %48 = "memref.collapse_shape"(%46) <{reassociation = [[0, 1]]}> : (memref<?x512xf32, #hivm.address_space<ub>>) -> memref<?xf32, #hivm.address_space<ub>>
      "hivm.hir.pipe_barrier"() <{pipe = #hivm.pipe<PIPE_V>}> : () -> ()
      "hivm.hir.vexp"(%47, %48) <{broadcast = array<i64>, operandSegmentSizes = array<i32: 1, 1, 0>, transpose = array<i64>}> : (memref<?xf32, #hivm.address_space<ub>>, memref<?xf32, #hivm.address_space<ub>>) -> ()
      %49 = "hivm.hir.pointer_cast"(%6) <{operandSegmentSizes = array<i32: 1, 0>}> : (i64) -> memref<28xi8, #hivm.address_space<ub>>
      %50 = "memref.view"(%49, %2, %35) : (memref<28xi8, #hivm.address_space<ub>>, index, index) -> memref<?x1xf32, #hivm.address_space<ub>>
      %51 = "hivm.hir.pointer_cast"(%7) <{operandSegmentSizes = array<i32: 1, 0>}> : (i64) -> memref<3776xf32, #hivm.address_space<ub>>
      "hivm.hir.pipe_barrier"() <{pipe = #hivm.pipe<PIPE_V>}> : () -> ()
      "hivm.hir.vreduce"(%46, %50, %51) <{arith = #hivm.reduce_op<sum>, operandSegmentSizes = array<i32: 1, 1, 1, 0>, reduce_dims = array<i64: 1>}> : (memref<?x512xf32, #hivm.address_space<ub>>, memref<?x1xf32, #hivm.address_space<ub>>, memref<3776xf32, #hivm.address_space<ub>>) -> ()
      %52 = "memref.view"(%29, %2, %35) : (memref<15104xi8, #hivm.address_space<ub>>, index, index) -> memref<?x512xf32, #hivm.address_space<ub>>
      %53 = "hivm.hir.pointer_cast"(%8) <{operandSegmentSizes = array<i32: 1, 0>}> : (i64) -> memref<3776xf32, #hivm.address_space<ub>>
      "hivm.hir.pipe_barrier"() <{pipe = #hivm.pipe<PIPE_V>}> : () -> ()
      "hivm.hir.vdiv"(%46, %50, %52, %53) <{broadcast = array<i64: 1>, operandSegmentSizes = array<i32: 2, 1, 1>, transpose = array<i64>}> : (memref<?x512xf32, #hivm.address_space<ub>>, memref<?x1xf32, #hivm.address_space<ub>>, memref<?x512xf32, #hivm.address_space<ub>>, memref<3776xf32, #hivm.address_space<ub>>) -> ()
      "hivm.hir.set_flag"() <{set_pipe = #hivm.pipe<PIPE_V>, static_event_id = #hivm.event<EVENT_ID0>, wait_pipe = #hivm.pipe<PIPE_MTE3>}> : () -> ()
      %54 = "memref.collapse_shape"(%52) <{reassociation = [[0, 1]]}> : (memref<?x512xf32, #hivm.address_space<ub>>) -> memref<?xf32, #hivm.address_space<ub>>
      %55 = "memref.collapse_shape"(%40) <{reassociation = [[0, 1]]}> : (memref<?x512xf32, strided<[512, 1], offset: ?>, #hivm.address_space<gm>>) -> memref<?xf32, strided<[1], offset: ?>, #hivm.address_space<gm>>
      "hivm.hir.wait_flag"() <{set_pipe = #hivm.pipe<PIPE_V>, static_event_id = #hivm.event<EVENT_ID0>, wait_pipe = #hivm.pipe<PIPE_MTE3>}> : () -> ()
      "hivm.hir.pipe_barrier"() <{pipe = #hivm.pipe<PIPE_MTE3>}> : () -> ()
      "hivm.hir.store"(%54, %55) <{atomic_kind = #hivm.atomic_kind<none>}> : (memref<?xf32, #hivm.address_space<ub>>, memref<?xf32, strided<[1], offset: ?>, #hivm.address_space<gm>>) -> ()
      "hivm.hir.set_flag"() <{set_pipe = #hivm.pipe<PIPE_MTE3>, static_event_id = #hivm.event<EVENT_ID0>, wait_pipe = #hivm.pipe<PIPE_MTE2>}> : () -> ()
      %56 = "memref.view"(%25, %2, %35) : (memref<15104xi8, #hivm.address_space<ub>>, index, index) -> memref<?x512xf32, #hivm.address_space<ub>>
      %57 = "memref.collapse_shape"(%56) <{reassociation = [[0, 1]]}> : (memref<?x512xf32, #hivm.address_space<ub>>) -> memref<?xf32, #hivm.address_space<ub>>
      "hivm.hir.wait_flag"() <{set_pipe = #hivm.pipe<PIPE_MTE3>, static_event_id = #hivm.event<EVENT_ID0>, wait_pipe = #hivm.pipe<PIPE_MTE2>}> : () -> ()
      "hivm.hir.load"(%55, %57) <{init_out_buffer = false, may_implicit_transpose_with_last_axis = false, operandSegmentSizes = array<i32: 1, 1, 0, 0, 0, 0>}> : (memref<?xf32, strided<[1], offset: ?>, #hivm.address_space<gm>>, memref<?xf32, #hivm.address_space<ub>>) -> ()
      "hivm.hir.set_flag"() <{set_pipe = #hivm.pipe<PIPE_MTE2>, static_event_id = #hivm.event<EVENT_ID0>, wait_pipe = #hivm.pipe<PIPE_MTE3>}> : () -> ()
      "hivm.hir.wait_flag"() <{set_pipe = #hivm.pipe<PIPE_MTE2>, static_event_id = #hivm.event<EVENT_ID0>, wait_pipe = #hivm.pipe<PIPE_MTE3>}> : () -> ()
      "hivm.hir.store"(%57, %55) : (memref<?xf32, #hivm.address_space<ub>>, memref<?xf32, strided<[1], offset: ?>, #hivm.address_space<gm>>) -> ()
      "scf.yield"() : () -> ()
    }) {__tiled_for___2, pipeline.veconly} : (index, index, index) -> ()
    "hivm.hir.pipe_barrier"() <{pipe = #hivm.pipe<PIPE_ALL>}> : () -> ()
    "func.return"() : () -> ()
  }) {enable_auto_mark_buffer_size, hacc.block_dim = 2 : i64, hacc.entry, hacc.function_kind = #hacc.function_kind<DEVICE>, hacc.get_tiling_struct_size_function = #hacc.get_tiling_struct_size_function<@k_get_tiling_struct_size_function>, hfusion.fusion_kind = #hfusion.fusion_kind<LAST_AXIS_PBR>, hivm.func_core_type = #hivm.func_core_type<AIV>, hivm.storage_aligned} : () -> ()
}) {hacc.hivmc_compatible_print = true, hacc.hivmc_version = #hacc.hivmc_version<"0.0.0">, hivm.module_core_type = #hivm.module_core_type<AIV>} : () -> ()

