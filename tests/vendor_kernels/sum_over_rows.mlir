// Output of bishengir-compile (ascendnpu-ir 1.2.0, Ascend910B1, 2 blocks) before convert-hivm-to-std, in
// generic form: sum of 24 x 1024 f32 over rows, double buffering in two loops within each other.
#map = affine_map<()[s0] -> (-s0 + 1)>
#map1 = affine_map<()[s0] -> ((s0 floordiv 2) mod 2)>
#map2 = affine_map<()[s0, s1] -> (s0 * 1024 + s1 * 1024)>
#map3 = affine_map<()[s0, s1] -> (s0 * -1024 - s1 * 1024 + 1024, 1024)>
#map4 = affine_map<()[s0] -> (((s0 + 7) floordiv 8) * 8)>
#map5 = affine_map<()[s0, s1] -> ((s0 floordiv 11 + (s1 floordiv 2) * 3) mod 2)>
#map6 = affine_map<(d0) -> (-d0 + 24, 11)>
"builtin.module"() ({
  "func.func"() <{function_type = () -> i64, sym_name = "k_get_tiling_struct_size_function"}> ({
    %59 = "arith.constant"() <{value = 0 : i64}> : () -> i64
    "func.return"(%59) : (i64) -> ()
  }) {hacc.function_kind = #hacc.function_kind<HOST>, hacc.host_func_type = #hacc.host_func_type<get_tiling_struct_size_function>} : () -> ()
  "func.func"() <{arg_attrs = [{hacc.arg_type = #hacc.arg_type<input>, hacc.input_idx = #hacc.input_idx<0>}, {hacc.arg_type = #hacc.arg_type<output>, hacc.output_idx = #hacc.output_idx<0>}], function_type = (memref<24x1024xf32, #hivm.address_space<gm>>, memref<1024xf32, #hivm.address_space<gm>>) -> (), sym_name = "k"}> ({
  ^bb0(%arg0: memref<24x1024xf32, #hivm.address_space<gm>>, %arg1: memref<1024xf32, #hivm.address_space<gm>>):
    %0 = "arith.constant"() <{value = true}> : () -> i1
    %1 = "arith.constant"() <{value = 11 : index}> : () -> index
    %2 = "arith.constant"() <{value = 24 : index}> : () -> index
    %3 = "arith.constant"() <{value = 0.000000e+00 : f32}> : () -> f32
    %4 = "arith.constant"() <{value = 2 : index}> : () -> index
    %5 = "arith.constant"() <{value = 0 : index}> : () -> index
    %6 = "arith.constant"() <{value = 114624 : i64}> : () -> i64
    %7 = "arith.constant"() <{value = 1 : i64}> : () -> i64
    %8 = "arith.constant"() <{value = 49120 : i64}> : () -> i64
    %9 = "arith.constant"() <{value = 0 : i64}> : () -> i64
    %10 = "arith.constant"() <{value = 102336 : i64}> : () -> i64
    %11 = "arith.constant"() <{value = 98240 : i64}> : () -> i64
    %12 = "arith.constant"() <{value = 106432 : i64}> : () -> i64
    %13 = "arith.constant"() <{value = 110528 : i64}> : () -> i64
    %14 = "hivm.hir.pointer_cast"(%12) <{operandSegmentSizes = array<i32: 1, 0>}> : (i64) -> memref<4096xi8, #hivm.address_space<ub>>
    %15 = "hivm.hir.pointer_cast"(%13) <{operandSegmentSizes = array<i32: 1, 0>}> : (i64) -> memref<4096xi8, #hivm.address_space<ub>>
    %16 = "hivm.hir.pointer_cast"(%11) <{operandSegmentSizes = array<i32: 1, 0>}> : (i64) -> memref<4096xi8, #hivm.address_space<ub>>
    %17 = "hivm.hir.pointer_cast"(%10) <{operandSegmentSizes = array<i32: 1, 0>}> : (i64) -> memref<4096xi8, #hivm.address_space<ub>>
    %18 = "hivm.hir.pointer_cast"(%9) <{operandSegmentSizes = array<i32: 1, 0>}> : (i64) -> memref<49120xi8, #hivm.address_space<ub>>
    %19 = "hivm.hir.pointer_cast"(%8) <{operandSegmentSizes = array<i32: 1, 0>}> : (i64) -> memref<49120xi8, #hivm.address_space<ub>>
    "hivm.hir.set_mask_norm"() : () -> ()
    %20 = "hivm.hir.get_block_idx"() : () -> i64
    %21 = "arith.index_cast"(%20) : (i64) -> index
    %22 = "affine.apply"(%21) <{map = #map}> : (index) -> index
    "hivm.hir.set_flag"() <{set_pipe = #hivm.pipe<PIPE_MTE3>, static_event_id = #hivm.event<EVENT_ID0>, wait_pipe = #hivm.pipe<PIPE_V>}> : () -> ()
    "hivm.hir.set_flag"() <{set_pipe = #hivm.pipe<PIPE_MTE3>, static_event_id = #hivm.event<EVENT_ID1>, wait_pipe = #hivm.pipe<PIPE_V>}> : () -> ()
    "hivm.hir.set_flag"() <{set_pipe = #hivm.pipe<PIPE_V>, static_event_id = #hivm.event<EVENT_ID0>, wait_pipe = #hivm.pipe<PIPE_MTE2>}> : () -> ()
    "hivm.hir.set_flag"() <{set_pipe = #hivm.pipe<PIPE_V>, static_event_id = #hivm.event<EVENT_ID1>, wait_pipe = #hivm.pipe<PIPE_MTE2>}> : () -> ()
    "scf.for"(%5, %22, %4) ({
    ^bb0(%arg2: index):
      %23 = "affine.apply"(%arg2) <{map = #map1}> : (index) -> index
      %24 = "arith.index_cast"(%23) : (index) -> i64
      %25 = "arith.cmpi"(%24, %7) <{predicate = 0 : i64}> : (i64, i64) -> i1
      %26 = "arith.select"(%25, %15, %14) : (i1, memref<4096xi8, #hivm.address_space<ub>>, memref<4096xi8, #hivm.address_space<ub>>) -> memref<4096xi8, #hivm.address_space<ub>>
      %27 = "affine.apply"(%arg2) <{map = #map1}> : (index) -> index
      %28 = "arith.index_cast"(%27) : (index) -> i64
      %29 = "arith.cmpi"(%28, %7) <{predicate = 0 : i64}> : (i64, i64) -> i1
      %30 = "arith.select"(%29, %17, %16) : (i1, memref<4096xi8, #hivm.address_space<ub>>, memref<4096xi8, #hivm.address_space<ub>>) -> memref<4096xi8, #hivm.address_space<ub>>
      %31 = "affine.apply"(%arg2) <{map = #map1}> : (index) -> index
      %32 = "arith.index_cast"(%31) : (index) -> i1
      %33 = "arith.xori"(%32, %0) : (i1, i1) -> i1
      %34 = "arith.extui"(%33) : (i1) -> i64
      %35 = "affine.apply"(%21, %arg2) <{map = #map2}> : (index, index) -> index
      %36 = "affine.min"(%21, %arg2) <{map = #map3}> : (index, index) -> index
      %37 = "affine.apply"(%36) <{map = #map4}> : (index) -> index
      %38 = "hivm.hir.pointer_cast"(%6) <{operandSegmentSizes = array<i32: 1, 0>}> : (i64) -> memref<49120xi8, #hivm.address_space<ub>>
      %39 = "memref.view"(%38, %5, %37) : (memref<49120xi8, #hivm.address_space<ub>>, index, index) -> memref<11x?x1xf32, #hivm.address_space<ub>>
      %40 = "memref.subview"(%39, %36) <{operandSegmentSizes = array<i32: 1, 0, 1, 0>, static_offsets = array<i64: 0, 0, 0>, static_sizes = array<i64: 11, -9223372036854775808, 1>, static_strides = array<i64: 1, 1, 1>}> : (memref<11x?x1xf32, #hivm.address_space<ub>>, index) -> memref<11x?xf32, strided<[?, 1]>, #hivm.address_space<ub>>
      "hivm.hir.pipe_barrier"() <{pipe = #hivm.pipe<PIPE_V>}> : () -> ()
      "hivm.hir.vbrc"(%3, %40) <{broadcast_dims = array<i64>}> : (f32, memref<11x?xf32, strided<[?, 1]>, #hivm.address_space<ub>>) -> ()
      %41 = "memref.subview"(%arg1, %35, %36) <{operandSegmentSizes = array<i32: 1, 1, 1, 0>, static_offsets = array<i64: -9223372036854775808>, static_sizes = array<i64: -9223372036854775808>, static_strides = array<i64: 1>}> : (memref<1024xf32, #hivm.address_space<gm>>, index, index) -> memref<?xf32, strided<[1], offset: ?>, #hivm.address_space<gm>>
      "hivm.hir.pipe_barrier"() <{pipe = #hivm.pipe<PIPE_V>}> : () -> ()
      "scf.for"(%5, %2, %1) ({
      ^bb0(%arg3: index):
        %46 = "affine.apply"(%arg3, %arg2) <{map = #map5}> : (index, index) -> index
        %47 = "arith.index_cast"(%46) : (index) -> i64
        %48 = "arith.cmpi"(%47, %7) <{predicate = 0 : i64}> : (i64, i64) -> i1
        %49 = "arith.select"(%48, %19, %18) : (i1, memref<49120xi8, #hivm.address_space<ub>>, memref<49120xi8, #hivm.address_space<ub>>) -> memref<49120xi8, #hivm.address_space<ub>>
        %50 = "affine.apply"(%arg3, %arg2) <{map = #map5}> : (index, index) -> index
        %51 = "arith.index_cast"(%50) : (index) -> i1
        %52 = "arith.xori"(%51, %0) : (i1, i1) -> i1
        %53 = "arith.extui"(%52) : (i1) -> i64
        %54 = "affine.min"(%arg3) <{map = #map6}> : (index) -> index
        %55 = "memref.subview"(%arg0, %arg3, %35, %54, %36) <{operandSegmentSizes = array<i32: 1, 2, 2, 0>, static_offsets = array<i64: -9223372036854775808, -9223372036854775808>, static_sizes = array<i64: -9223372036854775808, -9223372036854775808>, static_strides = array<i64: 1, 1>}> : (memref<24x1024xf32, #hivm.address_space<gm>>, index, index, index, index) -> memref<?x?xf32, strided<[1024, 1], offset: ?>, #hivm.address_space<gm>>
        %56 = "memref.view"(%49, %5, %54, %37) : (memref<49120xi8, #hivm.address_space<ub>>, index, index, index) -> memref<?x?x1xf32, #hivm.address_space<ub>>
        %57 = "memref.subview"(%56, %54, %36) <{operandSegmentSizes = array<i32: 1, 0, 2, 0>, static_offsets = array<i64: 0, 0, 0>, static_sizes = array<i64: -9223372036854775808, -9223372036854775808, 1>, static_strides = array<i64: 1, 1, 1>}> : (memref<?x?x1xf32, #hivm.address_space<ub>>, index, index) -> memref<?x?xf32, strided<[?, 1]>, #hivm.address_space<ub>>
        "hivm.hir.wait_flag"(%53) <{set_pipe = #hivm.pipe<PIPE_V>, wait_pipe = #hivm.pipe<PIPE_MTE2>}> : (i64) -> ()
        "hivm.hir.load"(%55, %57) <{init_out_buffer = false, may_implicit_transpose_with_last_axis = false, operandSegmentSizes = array<i32: 1, 1, 0, 0, 0, 0>}> : (memref<?x?xf32, strided<[1024, 1], offset: ?>, #hivm.address_space<gm>>, memref<?x?xf32, strided<[?, 1]>, #hivm.address_space<ub>>) -> ()
        "hivm.hir.set_flag"() <{set_pipe = #hivm.pipe<PIPE_MTE2>, static_event_id = #hivm.event<EVENT_ID0>, wait_pipe = #hivm.pipe<PIPE_V>}> : () -> ()
        %58 = "memref.subview"(%40, %54, %36) <{operandSegmentSizes = array<i32: 1, 0, 2, 0>, static_offsets = array<i64: 0, 0>, static_sizes = array<i64: -9223372036854775808, -9223372036854775808>, static_strides = array<i64: 1, 1>}> : (memref<11x?xf32, strided<[?, 1]>, #hivm.address_space<ub>>, index, index) -> memref<?x?xf32, strided<[?, 1]>, #hivm.address_space<ub>>
        "hivm.hir.wait_flag"() <{set_pipe = #hivm.pipe<PIPE_MTE2>, static_event_id = #hivm.event<EVENT_ID0>, wait_pipe = #hivm.pipe<PIPE_V>}> : () -> ()
        "hivm.hir.pipe_barrier"() <{pipe = #hivm.pipe<PIPE_V>}> : () -> ()
        "hivm.hir.vadd"(%57, %58, %58) <{broadcast = array<i64>, operandSegmentSizes = array<i32: 2, 1, 0>, transpose = array<i64>}> : (memref<?x?xf32, strided<[?, 1]>, #hivm.address_space<ub>>, memref<?x?xf32, strided<[?, 1]>, #hivm.address_space<ub>>, memref<?x?xf32, strided<[?, 1]>, #hivm.address_space<ub>>) -> ()
        "hivm.hir.set_flag"(%53) <{set_pipe = #hivm.pipe<PIPE_V>, wait_pipe = #hivm.pipe<PIPE_MTE2>}> : (i64) -> ()
        "scf.yield"() : () -> ()
      }) {__reduction_loop__, pipeline.veconly} : (index, index, index) -> ()
      %42 = "memref.view"(%30, %5, %36) : (memref<4096xi8, #hivm.address_space<ub>>, index, index) -> memref<1x?xf32, #hivm.address_space<ub>>
      %43 = "hivm.hir.pointer_cast"(%9) <{operandSegmentSizes = array<i32: 1, 0>}> : (i64) -> memref<12280xf32, #hivm.address_space<ub>>
      "hivm.hir.wait_flag"(%34) <{set_pipe = #hivm.pipe<PIPE_MTE3>, wait_pipe = #hivm.pipe<PIPE_V>}> : (i64) -> ()
      "hivm.hir.pipe_barrier"() <{pipe = #hivm.pipe<PIPE_V>}> : () -> ()
      "hivm.hir.vreduce"(%40, %42, %43) <{arith = #hivm.reduce_op<sum>, operandSegmentSizes = array<i32: 1, 1, 1, 0>, reduce_dims = array<i64: 0>}> : (memref<11x?xf32, strided<[?, 1]>, #hivm.address_space<ub>>, memref<1x?xf32, #hivm.address_space<ub>>, memref<12280xf32, #hivm.address_space<ub>>) -> ()
      "hivm.hir.set_flag"() <{set_pipe = #hivm.pipe<PIPE_V>, static_event_id = #hivm.event<EVENT_ID0>, wait_pipe = #hivm.pipe<PIPE_MTE3>}> : () -> ()
      %44 = "memref.collapse_shape"(%42) <{reassociation = [[0, 1]]}> : (memref<1x?xf32, #hivm.address_space<ub>>) -> memref<?xf32, #hivm.address_space<ub>>
      "hivm.hir.wait_flag"() <{set_pipe = #hivm.pipe<PIPE_V>, static_event_id = #hivm.event<EVENT_ID0>, wait_pipe = #hivm.pipe<PIPE_MTE3>}> : () -> ()
      "hivm.hir.pipe_barrier"() <{pipe = #hivm.pipe<PIPE_MTE3>}> : () -> ()
      "hivm.hir.store"(%44, %41) <{atomic_kind = #hivm.atomic_kind<none>}> : (memref<?xf32, #hivm.address_space<ub>>, memref<?xf32, strided<[1], offset: ?>, #hivm.address_space<gm>>) -> ()
      "hivm.hir.set_flag"() <{set_pipe = #hivm.pipe<PIPE_MTE3>, static_event_id = #hivm.event<EVENT_ID0>, wait_pipe = #hivm.pipe<PIPE_MTE2>}> : () -> ()
      "hivm.hir.set_flag"(%34) <{set_pipe = #hivm.pipe<PIPE_MTE3>, wait_pipe = #hivm.pipe<PIPE_V>}> : (i64) -> ()
      %45 = "memref.view"(%26, %5, %36) : (memref<4096xi8, #hivm.address_space<ub>>, index, index) -> memref<?xf32, #hivm.address_space<ub>>
      "hivm.hir.wait_flag"() <{set_pipe = #hivm.pipe<PIPE_MTE3>, static_event_id = #hivm.event<EVENT_ID0>, wait_pipe = #hivm.pipe<PIPE_MTE2>}> : () -> ()
      "hivm.hir.load"(%41, %45) <{init_out_buffer = false, may_implicit_transpose_with_last_axis = false, operandSegmentSizes = array<i32: 1, 1, 0, 0, 0, 0>}> : (memref<?xf32, strided<[1], offset: ?>, #hivm.address_space<gm>>, memref<?xf32, #hivm.address_space<ub>>) -> ()
      "hivm.hir.set_flag"() <{set_pipe = #hivm.pipe<PIPE_MTE2>, static_event_id = #hivm.event<EVENT_ID0>, wait_pipe = #hivm.pipe<PIPE_MTE3>}> : () -> ()
      "hivm.hir.wait_flag"() <{set_pipe = #hivm.pipe<PIPE_MTE2>, static_event_id = #hivm.event<EVENT_ID0>, wait_pipe = #hivm.pipe<PIPE_MTE3>}> : () -> ()
      "hivm.hir.store"(%45, %41) : (memref<?xf32, #hivm.address_space<ub>>, memref<?xf32, strided<[1], offset: ?>, #hivm.address_space<gm>>) -> ()
      "scf.yield"() : () -> ()
    }) {__tiled_for___2, pipeline.veconly} : (index, index, index) -> ()
    "hivm.hir.wait_flag"() <{set_pipe = #hivm.pipe<PIPE_V>, static_event_id = #hivm.event<EVENT_ID0>, wait_pipe = #hivm.pipe<PIPE_MTE2>}> : () -> ()
    "hivm.hir.wait_flag"() <{set_pipe = #hivm.pipe<PIPE_V>, static_event_id = #hivm.event<EVENT_ID1>, wait_pipe = #hivm.pipe<PIPE_MTE2>}> : () -> ()
    "hivm.hir.wait_flag"() <{set_pipe = #hivm.pipe<PIPE_MTE3>, static_event_id = #hivm.event<EVENT_ID0>, wait_pipe = #hivm.pipe<PIPE_V>}> : () -> ()
    "hivm.hir.wait_flag"() <{set_pipe = #hivm.pipe<PIPE_MTE3>, static_event_id = #hivm.event<EVENT_ID1>, wait_pipe = #hivm.pipe<PIPE_V>}> : () -> ()
    "hivm.hir.pipe_barrier"() <{pipe = #hivm.pipe<PIPE_ALL>}> : () -> ()
    "func.return"() : () -> ()
  }) {enable_auto_mark_buffer_size, hacc.block_dim = 2 : i64, hacc.entry, hacc.function_kind = #hacc.function_kind<DEVICE>, hacc.get_tiling_struct_size_function = #hacc.get_tiling_struct_size_function<@k_get_tiling_struct_size_function>, hfusion.fusion_kind = #hfusion.fusion_kind<ANY_PBR>, hivm.func_core_type = #hivm.func_core_type<AIV>, hivm.storage_aligned} : () -> ()
}) {hacc.hivmc_compatible_print = true, hacc.hivmc_version = #hacc.hivmc_version<"0.0.0">, hivm.module_core_type = #hivm.module_core_type<AIV>} : () -> ()

