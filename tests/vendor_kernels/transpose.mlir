// Output of bishengir-compile (ascendnpu-ir 1.2.0, Ascend910B1, 2 blocks) before convert-hivm-to-std, in
// generic form: transpose of 40 x 96 f32, double buffering, buffer count tuning 32.
#map = affine_map<()[s0] -> (-s0 + 18)>
#map1 = affine_map<()[s0] -> ((s0 floordiv 2) mod 2)>
#map2 = affine_map<()[s0, s1] -> (s0 * 16 + s1 * 16 - ((s0 + s1) floordiv 3) * 48)>
#map3 = affine_map<()[s0, s1] -> (s0 * -16 - s1 * 16 + ((s0 + s1) floordiv 3) * 48 + 40, 16)>
#map4 = affine_map<()[s0, s1] -> (((s0 + s1) floordiv 3) * 16)>
#map5 = affine_map<()[s0, s1] -> (((s0 + s1) floordiv 3) * -16 + 96, 16)>
#map6 = affine_map<()[s0] -> (((s0 + 7) floordiv 8) * 8)>
"builtin.module"() ({
  "func.func"() <{function_type = () -> i64, sym_name = "k_get_tiling_struct_size_function"}> ({
    %46 = "arith.constant"() <{value = 0 : i64}> : () -> i64
    "func.return"(%46) : (i64) -> ()
  }) {hacc.function_kind = #hacc.function_kind<HOST>, hacc.host_func_type = #hacc.host_func_type<get_tiling_struct_size_function>} : () -> ()
  "func.func"() <{arg_attrs = [{hacc.arg_type = #hacc.arg_type<input>, hacc.input_idx = #hacc.input_idx<0>}, {hacc.arg_type = #hacc.arg_type<output>, hacc.output_idx = #hacc.output_idx<0>}], function_type = (memref<40x96xf32, #hivm.address_space<gm>>, memref<96x40xf32, #hivm.address_space<gm>>) -> (), sym_name = "k"}> ({
  ^bb0(%arg0: memref<40x96xf32, #hivm.address_space<gm>>, %arg1: memref<96x40xf32, #hivm.address_space<gm>>):
    %0 = "arith.constant"() <{value = 1 : i64}> : () -> i64
    %1 = "arith.constant"() <{value = 2 : index}> : () -> index
    %2 = "arith.constant"() <{value = 0 : index}> : () -> index
    %3 = "arith.constant"() <{value = 16800 : i64}> : () -> i64
    %4 = "arith.constant"() <{value = 0 : i64}> : () -> i64
    %5 = "arith.constant"() <{value = 22400 : i64}> : () -> i64
    %6 = "arith.constant"() <{value = 5600 : i64}> : () -> i64
    %7 = "arith.constant"() <{value = 11200 : i64}> : () -> i64
    %8 = "arith.constant"() <{value = 28000 : i64}> : () -> i64
    %9 = "hivm.hir.pointer_cast"(%7) <{operandSegmentSizes = array<i32: 1, 0>}> : (i64) -> memref<5600xi8, #hivm.address_space<ub>>
    %10 = "hivm.hir.pointer_cast"(%8) <{operandSegmentSizes = array<i32: 1, 0>}> : (i64) -> memref<5600xi8, #hivm.address_space<ub>>
    %11 = "hivm.hir.pointer_cast"(%6) <{operandSegmentSizes = array<i32: 1, 0>}> : (i64) -> memref<5600xi8, #hivm.address_space<ub>>
    %12 = "hivm.hir.pointer_cast"(%5) <{operandSegmentSizes = array<i32: 1, 0>}> : (i64) -> memref<5600xi8, #hivm.address_space<ub>>
    %13 = "hivm.hir.pointer_cast"(%4) <{operandSegmentSizes = array<i32: 1, 0>}> : (i64) -> memref<5600xi8, #hivm.address_space<ub>>
    %14 = "hivm.hir.pointer_cast"(%3) <{operandSegmentSizes = array<i32: 1, 0>}> : (i64) -> memref<5600xi8, #hivm.address_space<ub>>
    "hivm.hir.set_mask_norm"() : () -> ()
    %15 = "hivm.hir.get_block_idx"() : () -> i64
    %16 = "arith.index_cast"(%15) : (i64) -> index
    %17 = "affine.apply"(%16) <{map = #map}> : (index) -> index
    "scf.for"(%2, %17, %1) ({
    ^bb0(%arg2: index):
      %18 = "affine.apply"(%arg2) <{map = #map1}> : (index) -> index
      %19 = "arith.index_cast"(%18) : (index) -> i64
      %20 = "arith.cmpi"(%19, %0) <{predicate = 0 : i64}> : (i64, i64) -> i1
      %21 = "arith.select"(%20, %10, %9) : (i1, memref<5600xi8, #hivm.address_space<ub>>, memref<5600xi8, #hivm.address_space<ub>>) -> memref<5600xi8, #hivm.address_space<ub>>
      %22 = "affine.apply"(%arg2) <{map = #map1}> : (index) -> index
      %23 = "arith.index_cast"(%22) : (index) -> i64
      %24 = "arith.cmpi"(%23, %0) <{predicate = 0 : i64}> : (i64, i64) -> i1
      %25 = "arith.select"(%24, %12, %11) : (i1, memref<5600xi8, #hivm.address_space<ub>>, memref<5600xi8, #hivm.address_space<ub>>) -> memref<5600xi8, #hivm.address_space<ub>>
      %26 = "affine.apply"(%arg2) <{map = #map1}> : (index) -> index
      %27 = "arith.index_cast"(%26) : (index) -> i64
      %28 = "arith.cmpi"(%27, %0) <{predicate = 0 : i64}> : (i64, i64) -> i1
      %29 = "arith.select"(%28, %14, %13) : (i1, memref<5600xi8, #hivm.address_space<ub>>, memref<5600xi8, #hivm.address_space<ub>>) -> memref<5600xi8, #hivm.address_space<ub>>
      %30 = "affine.apply"(%16, %arg2) <{map = #map2}> : (index, index) -> index
      %31 = "affine.min"(%16, %arg2) <{map = #map3}> : (index, index) -> index
      %32 = "affine.apply"(%16, %arg2) <{map = #map4}> : (index, index) -> index
      %33 = "affine.min"(%16, %arg2) <{map = #map5}> : (index, index) -> index
      %34 = "memref.subview"(%arg0, %30, %32, %31, %33) <{operandSegmentSizes = array<i32: 1, 2, 2, 0>, static_offsets = array<i64: -9223372036854775808, -9223372036854775808>, static_sizes = array<i64: -9223372036854775808, -9223372036854775808>, static_strides = array<i64: 1, 1>}> : (memref<40x96xf32, #hivm.address_space<gm>>, index, index, index, index) -> memref<?x?xf32, strided<[96, 1], offset: ?>, #hivm.address_space<gm>>
      %35 = "affine.apply"(%31) <{map = #map6}> : (index) -> index
      %36 = "affine.apply"(%33) <{map = #map6}> : (index) -> index
      %37 = "memref.view"(%29, %2, %35, %36) : (memref<5600xi8, #hivm.address_space<ub>>, index, index, index) -> memref<?x?x1xf32, #hivm.address_space<ub>>
      %38 = "memref.subview"(%37, %35, %36) <{operandSegmentSizes = array<i32: 1, 0, 2, 0>, static_offsets = array<i64: 0, 0, 0>, static_sizes = array<i64: -9223372036854775808, -9223372036854775808, 1>, static_strides = array<i64: 1, 1, 1>}> : (memref<?x?x1xf32, #hivm.address_space<ub>>, index, index) -> memref<?x?xf32, strided<[?, 1]>, #hivm.address_space<ub>>
      %39 = "memref.subview"(%38, %31, %33) <{operandSegmentSizes = array<i32: 1, 0, 2, 0>, static_offsets = array<i64: 0, 0>, static_sizes = array<i64: -9223372036854775808, -9223372036854775808>, static_strides = array<i64: 1, 1>}> : (memref<?x?xf32, strided<[?, 1]>, #hivm.address_space<ub>>, index, index) -> memref<?x?xf32, strided<[?, 1]>, #hivm.address_space<ub>>
      "hivm.hir.load"(%34, %39) <{init_out_buffer = false, may_implicit_transpose_with_last_axis = false, operandSegmentSizes = array<i32: 1, 1, 0, 0, 0, 0>}> : (memref<?x?xf32, strided<[96, 1], offset: ?>, #hivm.address_space<gm>>, memref<?x?xf32, strided<[?, 1]>, #hivm.address_space<ub>>) -> ()
      "hivm.hir.set_flag"() <{set_pipe = #hivm.pipe<PIPE_MTE2>, static_event_id = #hivm.event<EVENT_ID0>, wait_pipe = #hivm.pipe<PIPE_V>}> : () -> ()
      %40 = "memref.subview"(%arg1, %32, %30, %33, %31) <{operandSegmentSizes = array<i32: 1, 2, 2, 0>, static_offsets = array<i64: -9223372036854775808, -9223372036854775808>, static_sizes = array<i64: -9223372036854775808, -9223372036854775808>, static_strides = array<i64: 1, 1>}> : (memref<96x40xf32, #hivm.address_space<gm>>, index, index, index, index) -> memref<?x?xf32, strided<[40, 1], offset: ?>, #hivm.address_space<gm>>
      %41 = "memref.view"(%25, %2, %36, %35) : (memref<5600xi8, #hivm.address_space<ub>>, index, index, index) -> memref<?x?x1xf32, #hivm.address_space<ub>>
      %42 = "memref.subview"(%41, %36, %35) <{operandSegmentSizes = array<i32: 1, 0, 2, 0>, static_offsets = array<i64: 0, 0, 0>, static_sizes = array<i64: -9223372036854775808, -9223372036854775808, 1>, static_strides = array<i64: 1, 1, 1>}> : (memref<?x?x1xf32, #hivm.address_space<ub>>, index, index) -> memref<?x?xf32, strided<[?, 1]>, #hivm.address_space<ub>>
      %43 = "memref.subview"(%42, %33, %31) <{operandSegmentSizes = array<i32: 1, 0, 2, 0>, static_offsets = array<i64: 0, 0>, static_sizes = array<i64: -9223372036854775808, -9223372036854775808>, static_strides = array<i64: 1, 1>}> : (memref<?x?xf32, strided<[?, 1]>, #hivm.address_space<ub>>, index, index) -> memref<?x?xf32, strided<[?, 1]>, #hivm.address_space<ub>>
      "hivm.hir.wait_flag"() <{set_pipe = #hivm.pipe<PIPE_MTE2>, static_event_id = #hivm.event<EVENT_ID0>, wait_pipe = #hivm.pipe<PIPE_V>}> : () -> ()
      "hivm.hir.vtranspose"(%39, %43) <{disable_align = false, permutation = array<i64: 1, 0>}> : (memref<?x?xf32, strided<[?, 1]>, #hivm.address_space<ub>>, memref<?x?xf32, strided<[?, 1]>, #hivm.address_space<ub>>) -> ()
      "hivm.hir.set_flag"() <{set_pipe = #hivm.pipe<PIPE_V>, static_event_id = #hivm.event<EVENT_ID0>, wait_pipe = #hivm.pipe<PIPE_MTE3>}> : () -> ()
      "hivm.hir.wait_flag"() <{set_pipe = #hivm.pipe<PIPE_V>, static_event_id = #hivm.event<EVENT_ID0>, wait_pipe = #hivm.pipe<PIPE_MTE3>}> : () -> ()
      "hivm.hir.pipe_barrier"() <{pipe = #hivm.pipe<PIPE_MTE3>}> : () -> ()
      "hivm.hir.store"(%43, %40) <{atomic_kind = #hivm.atomic_kind<none>}> : (memref<?x?xf32, strided<[?, 1]>, #hivm.address_space<ub>>, memref<?x?xf32, strided<[40, 1], offset: ?>, #hivm.address_space<gm>>) -> ()
      "hivm.hir.set_flag"() <{set_pipe = #hivm.pipe<PIPE_MTE3>, static_event_id = #hivm.event<EVENT_ID0>, wait_pipe = #hivm.pipe<PIPE_MTE2>}> : () -> ()
      %44 = "memref.view"(%21, %2, %33, %35) : (memref<5600xi8, #hivm.address_space<ub>>, index, index, index) -> memref<?x?x1xf32, #hivm.address_space<ub>>
      %45 = "memref.subview"(%44, %33, %31) <{operandSegmentSizes = array<i32: 1, 0, 2, 0>, static_offsets = array<i64: 0, 0, 0>, static_sizes = array<i64: -9223372036854775808, -9223372036854775808, 1>, static_strides = array<i64: 1, 1, 1>}> : (memref<?x?x1xf32, #hivm.address_space<ub>>, index, index) -> memref<?x?xf32, strided<[?, 1]>, #hivm.address_space<ub>>
      "hivm.hir.wait_flag"() <{set_pipe = #hivm.pipe<PIPE_MTE3>, static_event_id = #hivm.event<EVENT_ID0>, wait_pipe = #hivm.pipe<PIPE_MTE2>}> : () -> ()
      "hivm.hir.load"(%40, %45) <{init_out_buffer = false, may_implicit_transpose_with_last_axis = false, operandSegmentSizes = array<i32: 1, 1, 0, 0, 0, 0>}> : (memref<?x?xf32, strided<[40, 1], offset: ?>, #hivm.address_space<gm>>, memref<?x?xf32, strided<[?, 1]>, #hivm.address_space<ub>>) -> ()
      "hivm.hir.set_flag"() <{set_pipe = #hivm.pipe<PIPE_MTE2>, static_event_id = #hivm.event<EVENT_ID0>, wait_pipe = #hivm.pipe<PIPE_MTE3>}> : () -> ()
      "hivm.hir.wait_flag"() <{set_pipe = #hivm.pipe<PIPE_MTE2>, static_event_id = #hivm.event<EVENT_ID0>, wait_pipe = #hivm.pipe<PIPE_MTE3>}> : () -> ()
      "hivm.hir.store"(%45, %40) : (memref<?x?xf32, strided<[?, 1]>, #hivm.address_space<ub>>, memref<?x?xf32, strided<[40, 1], offset: ?>, #hivm.address_space<gm>>) -> ()
      "scf.yield"() : () -> ()
    }) {__tiled_for___3, pipeline.veconly} : (index, index, index) -> ()
    "hivm.hir.pipe_barrier"() <{pipe = #hivm.pipe<PIPE_ALL>}> : () -> ()
    "func.return"() : () -> ()
  }) {enable_auto_mark_buffer_size, hacc.block_dim = 2 : i64, hacc.entry, hacc.function_kind = #hacc.function_kind<DEVICE>, hacc.get_tiling_struct_size_function = #hacc.get_tiling_struct_size_function<@k_get_tiling_struct_size_function>, hfusion.fusion_kind = #hfusion.fusion_kind<PURE_ELEMWISE>, hivm.func_core_type = #hivm.func_core_type<AIV>, hivm.storage_aligned} : () -> ()
}) {hacc.hivmc_compatible_print = true, hacc.hivmc_version = #hacc.hivmc_version<"0.0.0">, hivm.module_core_type = #hivm.module_core_type<AIV>} : () -> ()

