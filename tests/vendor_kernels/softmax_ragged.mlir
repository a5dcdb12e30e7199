// Output of bishengir-compile (ascendnpu-ir 1.2.0, Ascend910B1, 2 blocks) before convert-hivm-to-std, in
// generic form: softmax of 37 x 101 f16, double buffering.
#map = affine_map<()[s0] -> (-s0 + 2)>
#map1 = affine_map<()[s0] -> ((s0 floordiv 2) mod 2)>
#map2 = affine_map<()[s0, s1] -> (s0 * 36 + s1 * 36)>
#map3 = affine_map<()[s0, s1] -> (s0 * -36 - s1 * 36 + 37, 36)>
"builtin.module"() ({
  "func.func"() <{function_type = () -> i64, sym_name = "k_get_tiling_struct_size_function"}> ({
    %68 = "arith.constant"() <{value = 0 : i64}> : () -> i64
    "func.return"(%68) : (i64) -> ()
  }) {hacc.function_kind = #hacc.function_kind<HOST>, hacc.host_func_type = #hacc.host_func_type<get_tiling_struct_size_function>} : () -> ()
  "func.func"() <{arg_attrs = [{hacc.arg_type = #hacc.arg_type<input>, hacc.input_idx = #hacc.input_idx<0>}, {hacc.arg_type = #hacc.arg_type<output>, hacc.output_idx = #hacc.output_idx<0>}], function_type = (memref<37x101xf16, #hivm.address_space<gm>>, memref<37x101xf16, #hivm.address_space<gm>>) -> (), sym_name = "k"}> ({
  ^bb0(%arg0: memref<37x101xf16, #hivm.address_space<gm>>, %arg1: memref<37x101xf16, #hivm.address_space<gm>>):
    %0 = "arith.constant"() <{value = 1 : i64}> : () -> i64
    %1 = "arith.constant"() <{value = 2 : index}> : () -> index
    %2 = "arith.constant"() <{value = 0 : index}> : () -> index
    %3 = "arith.constant"() <{value = 8160 : i64}> : () -> i64
    %4 = "arith.constant"() <{value = 24480 : i64}> : () -> i64
    %5 = "arith.constant"() <{value = 24640 : i64}> : () -> i64
    %6 = "arith.constant"() <{value = 40960 : i64}> : () -> i64
    %7 = "arith.constant"() <{value = 57280 : i64}> : () -> i64
    %8 = "arith.constant"() <{value = 57440 : i64}> : () -> i64
    %9 = "arith.constant"() <{value = 73760 : i64}> : () -> i64
    %10 = "arith.constant"() <{value = 106400 : i64}> : () -> i64
    %11 = "arith.constant"() <{value = 0 : i64}> : () -> i64
    %12 = "arith.constant"() <{value = 114560 : i64}> : () -> i64
    %13 = "arith.constant"() <{value = 90080 : i64}> : () -> i64
    %14 = "arith.constant"() <{value = 98240 : i64}> : () -> i64
    %15 = "arith.constant"() <{value = 122720 : i64}> : () -> i64
    %16 = "hivm.hir.pointer_cast"(%14) <{operandSegmentSizes = array<i32: 1, 0>}> : (i64) -> memref<8160xi8, #hivm.address_space<ub>>
    %17 = "hivm.hir.pointer_cast"(%15) <{operandSegmentSizes = array<i32: 1, 0>}> : (i64) -> memref<8160xi8, #hivm.address_space<ub>>
    %18 = "hivm.hir.pointer_cast"(%13) <{operandSegmentSizes = array<i32: 1, 0>}> : (i64) -> memref<8160xi8, #hivm.address_space<ub>>
    %19 = "hivm.hir.pointer_cast"(%12) <{operandSegmentSizes = array<i32: 1, 0>}> : (i64) -> memref<8160xi8, #hivm.address_space<ub>>
    %20 = "hivm.hir.pointer_cast"(%11) <{operandSegmentSizes = array<i32: 1, 0>}> : (i64) -> memref<8160xi8, #hivm.address_space<ub>>
    %21 = "hivm.hir.pointer_cast"(%10) <{operandSegmentSizes = array<i32: 1, 0>}> : (i64) -> memref<8160xi8, #hivm.address_space<ub>>
    "hivm.hir.set_mask_norm"() : () -> ()
    %22 = "hivm.hir.get_block_idx"() : () -> i64
    %23 = "arith.index_cast"(%22) : (i64) -> index
    %24 = "affine.apply"(%23) <{map = #map}> : (index) -> index
    "scf.for"(%2, %24, %1) ({
    ^bb0(%arg2: index):
      %25 = "affine.apply"(%arg2) <{map = #map1}> : (index) -> index
      %26 = "arith.index_cast"(%25) : (index) -> i64
      %27 = "arith.cmpi"(%26, %0) <{predicate = 0 : i64}> : (i64, i64) -> i1
      %28 = "arith.select"(%27, %17, %16) : (i1, memref<8160xi8, #hivm.address_space<ub>>, memref<8160xi8, #hivm.address_space<ub>>) -> memref<8160xi8, #hivm.address_space<ub>>
      %29 = "affine.apply"(%arg2) <{map = #map1}> : (index) -> index
      %30 = "arith.index_cast"(%29) : (index) -> i64
      %31 = "arith.cmpi"(%30, %0) <{predicate = 0 : i64}> : (i64, i64) -> i1
      %32 = "arith.select"(%31, %19, %18) : (i1, memref<8160xi8, #hivm.address_space<ub>>, memref<8160xi8, #hivm.address_space<ub>>) -> memref<8160xi8, #hivm.address_space<ub>>
      %33 = "affine.apply"(%arg2) <{map = #map1}> : (index) -> index
      %34 = "arith.index_cast"(%33) : (index) -> i64
      %35 = "arith.cmpi"(%34, %0) <{predicate = 0 : i64}> : (i64, i64) -> i1
      %36 = "arith.select"(%35, %21, %20) : (i1, memref<8160xi8, #hivm.address_space<ub>>, memref<8160xi8, #hivm.address_space<ub>>) -> memref<8160xi8, #hivm.address_space<ub>>
      %37 = "affine.apply"(%23, %arg2) <{map = #map2}> : (index, index) -> index
      %38 = "affine.min"(%23, %arg2) <{map = #map3}> : (index, index) -> index
      %39 = "memref.subview"(%arg0, %37, %38) <{operandSegmentSizes = array<i32: 1, 1, 1, 0>, static_offsets = array<i64: -9223372036854775808, 0>, static_sizes = array<i64: -9223372036854775808, 101>, static_strides = array<i64: 1, 1>}> : (memref<37x101xf16, #hivm.address_space<gm>>, index, index) -> memref<?x101xf16, strided<[101, 1], offset: ?>, #hivm.address_space<gm>>
      %40 = "memref.view"(%36, %2, %38) : (memref<8160xi8, #hivm.address_space<ub>>, index, index) -> memref<?x112x1xf16, #hivm.address_space<ub>>
      %41 = "memref.subview"(%40, %38) <{operandSegmentSizes = array<i32: 1, 0, 1, 0>, static_offsets = array<i64: 0, 0, 0>, static_sizes = array<i64: -9223372036854775808, 101, 1>, static_strides = array<i64: 1, 1, 1>}> : (memref<?x112x1xf16, #hivm.address_space<ub>>, index) -> memref<?x101xf16, strided<[112, 1]>, #hivm.address_space<ub>>
      "hivm.hir.load"(%39, %41) <{init_out_buffer = false, may_implicit_transpose_with_last_axis = false, operandSegmentSizes = array<i32: 1, 1, 0, 0, 0, 0>}> : (memref<?x101xf16, strided<[101, 1], offset: ?>, #hivm.address_space<gm>>, memref<?x101xf16, strided<[112, 1]>, #hivm.address_space<ub>>) -> ()
      "hivm.hir.set_flag"() <{set_pipe = #hivm.pipe<PIPE_MTE2>, static_event_id = #hivm.event<EVENT_ID0>, wait_pipe = #hivm.pipe<PIPE_V>}> : () -> ()
      %42 = "memref.subview"(%arg1, %37, %38) <{operandSegmentSizes = array<i32: 1, 1, 1, 0>, static_offsets = array<i64: -9223372036854775808, 0>, static_sizes = array<i64: -9223372036854775808, 101>, static_strides = array<i64: 1, 1>}> : (memref<37x101xf16, #hivm.address_space<gm>>, index, index) -> memref<?x101xf16, strided<[101, 1], offset: ?>, #hivm.address_space<gm>>
      %43 = "hivm.hir.pointer_cast"(%3) <{operandSegmentSizes = array<i32: 1, 0>}> : (i64) -> memref<16320xi8, #hivm.address_space<ub>>
      %44 = "memref.view"(%43, %2, %38) : (memref<16320xi8, #hivm.address_space<ub>>, index, index) -> memref<?x104x1xf32, #hivm.address_space<ub>>
      %45 = "memref.subview"(%44, %38) <{operandSegmentSizes = array<i32: 1, 0, 1, 0>, static_offsets = array<i64: 0, 0, 0>, static_sizes = array<i64: -9223372036854775808, 101, 1>, static_strides = array<i64: 1, 1, 1>}> : (memref<?x104x1xf32, #hivm.address_space<ub>>, index) -> memref<?x101xf32, strided<[104, 1]>, #hivm.address_space<ub>>
      "hivm.hir.wait_flag"() <{set_pipe = #hivm.pipe<PIPE_MTE2>, static_event_id = #hivm.event<EVENT_ID0>, wait_pipe = #hivm.pipe<PIPE_V>}> : () -> ()
      "hivm.hir.vcast"(%41, %45) <{broadcast = array<i64>, cast = #hivm.cast<cast_signed>, operandSegmentSizes = array<i32: 1, 1, 0>, round_mode = #hivm.round_mode<rint>, transpose = array<i64>}> : (memref<?x101xf16, strided<[112, 1]>, #hivm.address_space<ub>>, memref<?x101xf32, strided<[104, 1]>, #hivm.address_space<ub>>) -> ()
      %46 = "hivm.hir.pointer_cast"(%4) <{operandSegmentSizes = array<i32: 1, 0>}> : (i64) -> memref<144xi8, #hivm.address_space<ub>>
      %47 = "memref.view"(%46, %2, %38) : (memref<144xi8, #hivm.address_space<ub>>, index, index) -> memref<?x1xf32, #hivm.address_space<ub>>
      %48 = "hivm.hir.pointer_cast"(%5) <{operandSegmentSizes = array<i32: 1, 0>}> : (i64) -> memref<4080xf32, #hivm.address_space<ub>>
      "hivm.hir.pipe_barrier"() <{pipe = #hivm.pipe<PIPE_V>}> : () -> ()
      "hivm.hir.vreduce"(%45, %47, %48) <{arith = #hivm.reduce_op<max>, operandSegmentSizes = array<i32: 1, 1, 1, 0>, reduce_dims = array<i64: 1>}> : (memref<?x101xf32, strided<[104, 1]>, #hivm.address_space<ub>>, memref<?x1xf32, #hivm.address_space<ub>>, memref<4080xf32, #hivm.address_space<ub>>) -> ()
      %49 = "hivm.hir.pointer_cast"(%3) <{operandSegmentSizes = array<i32: 1, 0>}> : (i64) -> memref<16320xi8, #hivm.address_space<ub>>
      %50 = "memref.view"(%49, %2, %38) : (memref<16320xi8, #hivm.address_space<ub>>, index, index) -> memref<?x104x1xf32, #hivm.address_space<ub>>
      %51 = "memref.subview"(%50, %38) <{operandSegmentSizes = array<i32: 1, 0, 1, 0>, static_offsets = array<i64: 0, 0, 0>, static_sizes = array<i64: -9223372036854775808, 101, 1>, static_strides = array<i64: 1, 1, 1>}> : (memref<?x104x1xf32, #hivm.address_space<ub>>, index) -> memref<?x101xf32, strided<[104, 1]>, #hivm.address_space<ub>>
      %52 = "hivm.hir.pointer_cast"(%6) <{operandSegmentSizes = array<i32: 1, 0>}> : (i64) -> memref<4080xf32, #hivm.address_space<ub>>
      "hivm.hir.pipe_barrier"() <{pipe = #hivm.pipe<PIPE_V>}> : () -> ()
      "hivm.hir.vsub"(%45, %47, %51, %52) <{broadcast = array<i64: 1>, operandSegmentSizes = array<i32: 2, 1, 1>, transpose = array<i64>}> : (memref<?x101xf32, strided<[104, 1]>, #hivm.address_space<ub>>, memref<?x1xf32, #hivm.address_space<ub>>, memref<?x101xf32, strided<[104, 1]>, #hivm.address_space<ub>>, memref<4080xf32, #hivm.address_space<ub>>) -> ()
      %53 = "hivm.hir.pointer_cast"(%3) <{operandSegmentSizes = array<i32: 1, 0>}> : (i64) -> memref<16320xi8, #hivm.address_space<ub>>
      %54 = "memref.view"(%53, %2, %38) : (memref<16320xi8, #hivm.address_space<ub>>, index, index) -> memref<?x104x1xf32, #hivm.address_space<ub>>
      %55 = "memref.subview"(%54, %38) <{operandSegmentSizes = array<i32: 1, 0, 1, 0>, static_offsets = array<i64: 0, 0, 0>, static_sizes = array<i64: -9223372036854775808, 101, 1>, static_strides = array<i64: 1, 1, 1>}> : (memref<?x104x1xf32, #hivm.address_space<ub>>, index) -> memref<?x101xf32, strided<[104, 1]>, #hivm.address_space<ub>>
      "hivm.hir.pipe_barrier"() <{pipe = #hivm.pipe<PIPE_V>}> : () -> ()
      "hivm.hir.vexp"(%51, %55) <{broadcast = array<i64>, operandSegmentSizes = array<i32: 1, 1, 0>, transpose = array<i64>}> : (memref<?x101xf32, strided<[104, 1]>, #hivm.address_space<ub>>, memref<?x101xf32, strided<[104, 1]>, #hivm.address_space<ub>>) -> ()
      %56 = "hivm.hir.pointer_cast"(%7) <{operandSegmentSizes = array<i32: 1, 0>}> : (i64) -> memref<144xi8, #hivm.address_space<ub>>
      %57 = "memref.view"(%56, %2, %38) : (memref<144xi8, #hivm.address_space<ub>>, index, index) -> memref<?x1xf32, #hivm.address_space<ub>>
      %58 = "hivm.hir.pointer_cast"(%8) <{operandSegmentSizes = array<i32: 1, 0>}> : (i64) -> memref<4080xf32, #hivm.address_space<ub>>
      "hivm.hir.pipe_barrier"() <{pipe = #hivm.pipe<PIPE_V>}> : () -> ()
      "hivm.hir.vreduce"(%55, %57, %58) <{arith = #hivm.reduce_op<sum>, operandSegmentSizes = array<i32: 1, 1, 1, 0>, reduce_dims = array<i64: 1>}> : (memref<?x101xf32, strided<[104, 1]>, #hivm.address_space<ub>>, memref<?x1xf32, #hivm.address_space<ub>>, memref<4080xf32, #hivm.address_space<ub>>) -> ()
      %59 = "hivm.hir.pointer_cast"(%3) <{operandSegmentSizes = array<i32: 1, 0>}> : (i64) -> memref<16320xi8, #hivm.address_space<ub>>
      %60 = "memref.view"(%59, %2, %38) : (memref<16320xi8, #hivm.address_space<ub>>, index, index) -> memref<?x104x1xf32, #hivm.address_space<ub>>
      %61 = "memref.subview"(%60, %38) <{operandSegmentSizes = array<i32: 1, 0, 1, 0>, static_offsets = array<i64: 0, 0, 0>, static_sizes = array<i64: -9223372036854775808, 101, 1>, static_strides = array<i64: 1, 1, 1>}> : (memref<?x104x1xf32, #hivm.address_space<ub>>, index) -> memref<?x101xf32, strided<[104, 1]>, #hivm.address_space<ub>>
      %62 = "hivm.hir.pointer_cast"(%9) <{operandSegmentSizes = array<i32: 1, 0>}> : (i64) -> memref<4080xf32, #hivm.address_space<ub>>
      "hivm.hir.pipe_barrier"() <{pipe = #hivm.pipe<PIPE_V>}> : () -> ()
      "hivm.hir.vdiv"(%55, %57, %61, %62) <{broadcast = array<i64: 1>, operandSegmentSizes = array<i32: 2, 1, 1>, transpose = array<i64>}> : (memref<?x101xf32, strided<[104, 1]>, #hivm.address_space<ub>>, memref<?x1xf32, #hivm.address_space<ub>>, memref<?x101xf32, strided<[104, 1]>, #hivm.address_space<ub>>, memref<4080xf32, #hivm.address_space<ub>>) -> ()
      %63 = "memref.view"(%32, %2, %38) : (memref<8160xi8, #hivm.address_space<ub>>, index, index) -> memref<?x112x1xf16, #hivm.address_space<ub>>
      %64 = "memref.subview"(%63, %38) <{operandSegmentSizes = array<i32: 1, 0, 1, 0>, static_offsets = array<i64: 0, 0, 0>, static_sizes = array<i64: -9223372036854775808, 101, 1>, static_strides = array<i64: 1, 1, 1>}> : (memref<?x112x1xf16, #hivm.address_space<ub>>, index) -> memref<?x101xf16, strided<[112, 1]>, #hivm.address_space<ub>>
      "hivm.hir.pipe_barrier"() <{pipe = #hivm.pipe<PIPE_V>}> : () -> ()
      "hivm.hir.vcast"(%61, %64) <{broadcast = array<i64>, cast = #hivm.cast<cast_signed>, operandSegmentSizes = array<i32: 1, 1, 0>, round_mode = #hivm.round_mode<rint>, transpose = array<i64>}> : (memref<?x101xf32, strided<[104, 1]>, #hivm.address_space<ub>>, memref<?x101xf16, strided<[112, 1]>, #hivm.address_space<ub>>) -> ()
      "hivm.hir.set_flag"() <{set_pipe = #hivm.pipe<PIPE_V>, static_event_id = #hivm.event<EVENT_ID0>, wait_pipe = #hivm.pipe<PIPE_MTE3>}> : () -> ()
      "hivm.hir.wait_flag"() <{set_pipe = #hivm.pipe<PIPE_V>, static_event_id = #hivm.event<EVENT_ID0>, wait_pipe = #hivm.pipe<PIPE_MTE3>}> : () -> ()
      "hivm.hir.pipe_barrier"() <{pipe = #hivm.pipe<PIPE_MTE3>}> : () -> ()
      "hivm.hir.store"(%64, %42) <{atomic_kind = #hivm.atomic_kind<none>}> : (memref<?x101xf16, strided<[112, 1]>, #hivm.address_space<ub>>, memref<?x101xf16, strided<[101, 1], offset: ?>, #hivm.address_space<gm>>) -> ()
      "hivm.hir.set_flag"() <{set_pipe = #hivm.pipe<PIPE_MTE3>, static_event_id = #hivm.event<EVENT_ID0>, wait_pipe = #hivm.pipe<PIPE_MTE2>}> : () -> ()
      %65 = "memref.view"(%28, %2, %38) : (memref<8160xi8, #hivm.address_space<ub>>, index, index) -> memref<?x101xf16, #hivm.address_space<ub>>
      %66 = "memref.collapse_shape"(%42) <{reassociation = [[0, 1]]}> : (memref<?x101xf16, strided<[101, 1], offset: ?>, #hivm.address_space<gm>>) -> memref<?xf16, strided<[1], offset: ?>, #hivm.address_space<gm>>
      %67 = "memref.collapse_shape"(%65) <{reassociation = [[0, 1]]}> : (memref<?x101xf16, #hivm.address_space<ub>>) -> memref<?xf16, #hivm.address_space<ub>>
      "hivm.hir.wait_flag"() <{set_pipe = #hivm.pipe<PIPE_MTE3>, static_event_id = #hivm.event<EVENT_ID0>, wait_pipe = #hivm.pipe<PIPE_MTE2>}> : () -> ()
      "hivm.hir.load"(%66, %67) <{init_out_buffer = false, may_implicit_transpose_with_last_axis = false, operandSegmentSizes = array<i32: 1, 1, 0, 0, 0, 0>}> : (memref<?xf16, strided<[1], offset: ?>, #hivm.address_space<gm>>, memref<?xf16, #hivm.address_space<ub>>) -> ()
      "hivm.hir.set_flag"() <{set_pipe = #hivm.pipe<PIPE_MTE2>, static_event_id = #hivm.event<EVENT_ID0>, wait_pipe = #hivm.pipe<PIPE_MTE3>}> : () -> ()
      "hivm.hir.wait_flag"() <{set_pipe = #hivm.pipe<PIPE_MTE2>, static_event_id = #hivm.event<EVENT_ID0>, wait_pipe = #hivm.pipe<PIPE_MTE3>}> : () -> ()
      "hivm.hir.store"(%67, %66) : (memref<?xf16, #hivm.address_space<ub>>, memref<?xf16, strided<[1], offset: ?>, #hivm.address_space<gm>>) -> ()
      "scf.yield"() : () -> ()
    }) {__tiled_for___2, pipeline.veconly} : (index, index, index) -> ()
    "hivm.hir.pipe_barrier"() <{pipe = #hivm.pipe<PIPE_ALL>}> : () -> ()
    "func.return"() : () -> ()
  }) {enable_auto_mark_buffer_size, hacc.block_dim = 2 : i64, hacc.entry, hacc.function_kind = #hacc.function_kind<DEVICE>, hacc.get_tiling_struct_size_function = #hacc.get_tiling_struct_size_function<@k_get_tiling_struct_size_function>, hfusion.fusion_kind = #hfusion.fusion_kind<LAST_AXIS_PBR>, hivm.func_core_type = #hivm.func_core_type<AIV>, hivm.storage_aligned} : () -> ()
}) {hacc.hivmc_compatible_print = true, hacc.hivmc_version = #hacc.hivmc_version<"0.0.0">, hivm.module_core_type = #hivm.module_core_type<AIV>} : () -> ()

