// Output of bishengir-compile (ascendnpu-ir 1.2.0, Ascend910B1, 2 blocks) before convert-hivm-to-std, in
// generic form: layer norm of 64 x 512 f32 with scale and shift, double buffering.
#map = affine_map<()[s0] -> (-s0 + 11)>
#map1 = affine_map<()[s0] -> ((s0 floordiv 2) mod 2)>
#map2 = affine_map<()[s0, s1] -> (s0 * 6 + s1 * 6)>
#map3 = affine_map<()[s0, s1] -> (s0 * -6 - s1 * 6 + 64, 6)>
"builtin.module"() ({
  "func.func"() <{function_type = () -> i64, sym_name = "k_get_tiling_struct_size_function"}> ({
    %90 = "arith.constant"() <{value = 0 : i64}> : () -> i64
    "func.return"(%90) : (i64) -> ()
  }) {hacc.function_kind = #hacc.function_kind<HOST>, hacc.host_func_type = #hacc.host_func_type<get_tiling_struct_size_function>} : () -> ()
  "func.func"() <{arg_attrs = [{hacc.arg_type = #hacc.arg_type<input>, hacc.input_idx = #hacc.input_idx<0>}, {hacc.arg_type = #hacc.arg_type<input>, hacc.input_idx = #hacc.input_idx<1>}, {hacc.arg_type = #hacc.arg_type<input>, hacc.input_idx = #hacc.input_idx<2>}, {hacc.arg_type = #hacc.arg_type<output>, hacc.output_idx = #hacc.output_idx<0>}], function_type = (memref<64x512xf32, #hivm.address_space<gm>>, memref<512xf32, #hivm.address_space<gm>>, memref<512xf32, #hivm.address_space<gm>>, memref<64x512xf32, #hivm.address_space<gm>>) -> (), sym_name = "k"}> ({
  ^bb0(%arg0: memref<64x512xf32, #hivm.address_space<gm>>, %arg1: memref<512xf32, #hivm.address_space<gm>>, %arg2: memref<512xf32, #hivm.address_space<gm>>, %arg3: memref<64x512xf32, #hivm.address_space<gm>>):
    %0 = "arith.constant"() <{value = 1 : i64}> : () -> i64
    %1 = "arith.constant"() <{value = 2 : index}> : () -> index
    %2 = "arith.constant"() <{value = 0 : index}> : () -> index
    %3 = "arith.constant"() <{value = 9.99999974E-6 : f32}> : () -> f32
    %4 = "arith.constant"() <{value = 5.120000e+02 : f32}> : () -> f32
    %5 = "arith.constant"() <{value = 1.000000e+00 : f32}> : () -> f32
    %6 = "arith.constant"() <{value = 0 : i64}> : () -> i64
    %7 = "arith.constant"() <{value = 2048 : i64}> : () -> i64
    %8 = "arith.constant"() <{value = 17184 : i64}> : () -> i64
    %9 = "arith.constant"() <{value = 17216 : i64}> : () -> i64
    %10 = "arith.constant"() <{value = 30304 : i64}> : () -> i64
    %11 = "arith.constant"() <{value = 30336 : i64}> : () -> i64
    %12 = "arith.constant"() <{value = 43424 : i64}> : () -> i64
    %13 = "arith.constant"() <{value = 56512 : i64}> : () -> i64
    %14 = "arith.constant"() <{value = 56544 : i64}> : () -> i64
    %15 = "arith.constant"() <{value = 69632 : i64}> : () -> i64
    %16 = "arith.constant"() <{value = 69664 : i64}> : () -> i64
    %17 = "arith.constant"() <{value = 69696 : i64}> : () -> i64
    %18 = "arith.constant"() <{value = 95872 : i64}> : () -> i64
    %19 = "arith.constant"() <{value = 4096 : i64}> : () -> i64
    %20 = "arith.constant"() <{value = 82784 : i64}> : () -> i64
    %21 = "arith.constant"() <{value = 108960 : i64}> : () -> i64
    %22 = "hivm.hir.pointer_cast"(%20) <{operandSegmentSizes = array<i32: 1, 0>}> : (i64) -> memref<13088xi8, #hivm.address_space<ub>>
    %23 = "hivm.hir.pointer_cast"(%21) <{operandSegmentSizes = array<i32: 1, 0>}> : (i64) -> memref<13088xi8, #hivm.address_space<ub>>
    %24 = "hivm.hir.pointer_cast"(%19) <{operandSegmentSizes = array<i32: 1, 0>}> : (i64) -> memref<13088xi8, #hivm.address_space<ub>>
    %25 = "hivm.hir.pointer_cast"(%18) <{operandSegmentSizes = array<i32: 1, 0>}> : (i64) -> memref<13088xi8, #hivm.address_space<ub>>
    %26 = "hivm.hir.pointer_cast"(%19) <{operandSegmentSizes = array<i32: 1, 0>}> : (i64) -> memref<13088xi8, #hivm.address_space<ub>>
    %27 = "hivm.hir.pointer_cast"(%18) <{operandSegmentSizes = array<i32: 1, 0>}> : (i64) -> memref<13088xi8, #hivm.address_space<ub>>
    "hivm.hir.set_mask_norm"() : () -> ()
    %28 = "hivm.hir.pointer_cast"(%6) <{operandSegmentSizes = array<i32: 1, 0>}> : (i64) -> memref<512xf32, #hivm.address_space<ub>>
    "hivm.hir.load"(%arg1, %28) <{init_out_buffer = false, may_implicit_transpose_with_last_axis = false, operandSegmentSizes = array<i32: 1, 1, 0, 0, 0, 0>}> : (memref<512xf32, #hivm.address_space<gm>>, memref<512xf32, #hivm.address_space<ub>>) -> ()
    %29 = "hivm.hir.pointer_cast"(%7) <{operandSegmentSizes = array<i32: 1, 0>}> : (i64) -> memref<512xf32, #hivm.address_space<ub>>
    "hivm.hir.load"(%arg2, %29) <{init_out_buffer = false, may_implicit_transpose_with_last_axis = false, operandSegmentSizes = array<i32: 1, 1, 0, 0, 0, 0>}> : (memref<512xf32, #hivm.address_space<gm>>, memref<512xf32, #hivm.address_space<ub>>) -> ()
    %30 = "memref.expand_shape"(%28) <{reassociation = [[0, 1]], static_output_shape = array<i64: 1, 512>}> : (memref<512xf32, #hivm.address_space<ub>>) -> memref<1x512xf32, #hivm.address_space<ub>>
    %31 = "memref.expand_shape"(%29) <{reassociation = [[0, 1]], static_output_shape = array<i64: 1, 512>}> : (memref<512xf32, #hivm.address_space<ub>>) -> memref<1x512xf32, #hivm.address_space<ub>>
    %32 = "hivm.hir.get_block_idx"() : () -> i64
    %33 = "arith.index_cast"(%32) : (i64) -> index
    %34 = "affine.apply"(%33) <{map = #map}> : (index) -> index
    "scf.for"(%2, %34, %1) ({
    ^bb0(%arg4: index):
      %35 = "affine.apply"(%arg4) <{map = #map1}> : (index) -> index
      %36 = "arith.index_cast"(%35) : (index) -> i64
      %37 = "arith.cmpi"(%36, %0) <{predicate = 0 : i64}> : (i64, i64) -> i1
      %38 = "arith.select"(%37, %23, %22) : (i1, memref<13088xi8, #hivm.address_space<ub>>, memref<13088xi8, #hivm.address_space<ub>>) -> memref<13088xi8, #hivm.address_space<ub>>
      %39 = "affine.apply"(%arg4) <{map = #map1}> : (index) -> index
      %40 = "arith.index_cast"(%39) : (index) -> i64
      %41 = "arith.cmpi"(%40, %0) <{predicate = 0 : i64}> : (i64, i64) -> i1
      %42 = "arith.select"(%41, %25, %24) : (i1, memref<13088xi8, #hivm.address_space<ub>>, memref<13088xi8, #hivm.address_space<ub>>) -> memref<13088xi8, #hivm.address_space<ub>>
      %43 = "affine.apply"(%arg4) <{map = #map1}> : (index) -> index
      %44 = "arith.index_cast"(%43) : (index) -> i64
      %45 = "arith.cmpi"(%44, %0) <{predicate = 0 : i64}> : (i64, i64) -> i1
      %46 = "arith.select"(%45, %27, %26) : (i1, memref<13088xi8, #hivm.address_space<ub>>, memref<13088xi8, #hivm.address_space<ub>>) -> memref<13088xi8, #hivm.address_space<ub>>
      %47 = "affine.apply"(%33, %arg4) <{map = #map2}> : (index, index) -> index
      %48 = "affine.min"(%33, %arg4) <{map = #map3}> : (index, index) -> index
      %49 = "memref.subview"(%arg0, %47, %48) <{operandSegmentSizes = array<i32: 1, 1, 1, 0>, static_offsets = array<i64: -9223372036854775808, 0>, static_sizes = array<i64: -9223372036854775808, 512>, static_strides = array<i64: 1, 1>}> : (memref<64x512xf32, #hivm.address_space<gm>>, index, index) -> memref<?x512xf32, strided<[512, 1], offset: ?>, #hivm.address_space<gm>>
      %50 = "memref.view"(%46, %2, %48) : (memref<13088xi8, #hivm.address_space<ub>>, index, index) -> memref<?x512xf32, #hivm.address_space<ub>>
      %51 = "memref.collapse_shape"(%49) <{reassociation = [[0, 1]]}> : (memref<?x512xf32, strided<[512, 1], offset: ?>, #hivm.address_space<gm>>) -> memref<?xf32, strided<[1], offset: ?>, #hivm.address_space<gm>>
      %52 = "memref.collapse_shape"(%50) <{reassociation = [[0, 1]]}> : (memref<?x512xf32, #hivm.address_space<ub>>) -> memref<?xf32, #hivm.address_space<ub>>
      "hivm.hir.load"(%51, %52) <{init_out_buffer = false, may_implicit_transpose_with_last_axis = false, operandSegmentSizes = array<i32: 1, 1, 0, 0, 0, 0>}> : (memref<?xf32, strided<[1], offset: ?>, #hivm.address_space<gm>>, memref<?xf32, #hivm.address_space<ub>>) -> ()
      "hivm.hir.set_flag"() <{set_pipe = #hivm.pipe<PIPE_MTE2>, static_event_id = #hivm.event<EVENT_ID0>, wait_pipe = #hivm.pipe<PIPE_V>}> : () -> ()
      %53 = "memref.subview"(%arg3, %47, %48) <{operandSegmentSizes = array<i32: 1, 1, 1, 0>, static_offsets = array<i64: -9223372036854775808, 0>, static_sizes = array<i64: -9223372036854775808, 512>, static_strides = array<i64: 1, 1>}> : (memref<64x512xf32, #hivm.address_space<gm>>, index, index) -> memref<?x512xf32, strided<[512, 1], offset: ?>, #hivm.address_space<gm>>
      %54 = "hivm.hir.pointer_cast"(%8) <{operandSegmentSizes = array<i32: 1, 0>}> : (i64) -> memref<24xi8, #hivm.address_space<ub>>
      %55 = "memref.view"(%54, %2, %48) : (memref<24xi8, #hivm.address_space<ub>>, index, index) -> memref<?x1xf32, #hivm.address_space<ub>>
      %56 = "hivm.hir.pointer_cast"(%9) <{operandSegmentSizes = array<i32: 1, 0>}> : (i64) -> memref<3272xf32, #hivm.address_space<ub>>
      "hivm.hir.wait_flag"() <{set_pipe = #hivm.pipe<PIPE_MTE2>, static_event_id = #hivm.event<EVENT_ID0>, wait_pipe = #hivm.pipe<PIPE_V>}> : () -> ()
      "hivm.hir.vreduce"(%50, %55, %56) <{arith = #hivm.reduce_op<sum>, operandSegmentSizes = array<i32: 1, 1, 1, 0>, reduce_dims = array<i64: 1>}> : (memref<?x512xf32, #hivm.address_space<ub>>, memref<?x1xf32, #hivm.address_space<ub>>, memref<3272xf32, #hivm.address_space<ub>>) -> ()
      %57 = "memref.collapse_shape"(%55) <{reassociation = [[0, 1]]}> : (memref<?x1xf32, #hivm.address_space<ub>>) -> memref<?xf32, #hivm.address_space<ub>>
      %58 = "hivm.hir.pointer_cast"(%8) <{operandSegmentSizes = array<i32: 1, 0>}> : (i64) -> memref<24xi8, #hivm.address_space<ub>>
      %59 = "memref.view"(%58, %2, %48) : (memref<24xi8, #hivm.address_space<ub>>, index, index) -> memref<?xf32, #hivm.address_space<ub>>
      %60 = "hivm.hir.pointer_cast"(%10) <{operandSegmentSizes = array<i32: 1, 0>}> : (i64) -> memref<8xf32, #hivm.address_space<ub>>
      "hivm.hir.pipe_barrier"() <{pipe = #hivm.pipe<PIPE_V>}> : () -> ()
      "hivm.hir.vdiv"(%57, %4, %59, %60) <{broadcast = array<i64>, operandSegmentSizes = array<i32: 2, 1, 1>, transpose = array<i64>}> : (memref<?xf32, #hivm.address_space<ub>>, f32, memref<?xf32, #hivm.address_space<ub>>, memref<8xf32, #hivm.address_space<ub>>) -> ()
      %61 = "memref.expand_shape"(%59, %48) <{reassociation = [[0, 1]], static_output_shape = array<i64: -9223372036854775808, 1>}> : (memref<?xf32, #hivm.address_space<ub>>, index) -> memref<?x1xf32, #hivm.address_space<ub>>
      %62 = "memref.view"(%46, %2, %48) : (memref<13088xi8, #hivm.address_space<ub>>, index, index) -> memref<?x512xf32, #hivm.address_space<ub>>
      %63 = "hivm.hir.pointer_cast"(%11) <{operandSegmentSizes = array<i32: 1, 0>}> : (i64) -> memref<3272xf32, #hivm.address_space<ub>>
      "hivm.hir.pipe_barrier"() <{pipe = #hivm.pipe<PIPE_V>}> : () -> ()
      "hivm.hir.vsub"(%50, %61, %62, %63) <{broadcast = array<i64: 1>, operandSegmentSizes = array<i32: 2, 1, 1>, transpose = array<i64>}> : (memref<?x512xf32, #hivm.address_space<ub>>, memref<?x1xf32, #hivm.address_space<ub>>, memref<?x512xf32, #hivm.address_space<ub>>, memref<3272xf32, #hivm.address_space<ub>>) -> ()
      %64 = "hivm.hir.pointer_cast"(%12) <{operandSegmentSizes = array<i32: 1, 0>}> : (i64) -> memref<13088xi8, #hivm.address_space<ub>>
      %65 = "memref.view"(%64, %2, %48) : (memref<13088xi8, #hivm.address_space<ub>>, index, index) -> memref<?x512xf32, #hivm.address_space<ub>>
      %66 = "memref.collapse_shape"(%62) <{reassociation = [[0, 1]]}> : (memref<?x512xf32, #hivm.address_space<ub>>) -> memref<?xf32, #hivm.address_space<ub>>
      %67 = "memref.collapse_shape"(%65) <{reassociation = [[0, 1]]}> : (memref<?x512xf32, #hivm.address_space<ub>>) -> memref<?xf32, #hivm.address_space<ub>>
      "hivm.hir.pipe_barrier"() <{pipe = #hivm.pipe<PIPE_V>}> : () -> ()
      "hivm.hir.vmul"(%66, %66, %67) <{broadcast = array<i64>, operandSegmentSizes = array<i32: 2, 1, 0>, transpose = array<i64>}> : (memref<?xf32, #hivm.address_space<ub>>, memref<?xf32, #hivm.address_space<ub>>, memref<?xf32, #hivm.address_space<ub>>) -> ()
      %68 = "hivm.hir.pointer_cast"(%13) <{operandSegmentSizes = array<i32: 1, 0>}> : (i64) -> memref<24xi8, #hivm.address_space<ub>>
      %69 = "memref.view"(%68, %2, %48) : (memref<24xi8, #hivm.address_space<ub>>, index, index) -> memref<?x1xf32, #hivm.address_space<ub>>
      %70 = "hivm.hir.pointer_cast"(%14) <{operandSegmentSizes = array<i32: 1, 0>}> : (i64) -> memref<3272xf32, #hivm.address_space<ub>>
      "hivm.hir.pipe_barrier"() <{pipe = #hivm.pipe<PIPE_V>}> : () -> ()
      "hivm.hir.vreduce"(%65, %69, %70) <{arith = #hivm.reduce_op<sum>, operandSegmentSizes = array<i32: 1, 1, 1, 0>, reduce_dims = array<i64: 1>}> : (memref<?x512xf32, #hivm.address_space<ub>>, memref<?x1xf32, #hivm.address_space<ub>>, memref<3272xf32, #hivm.address_space<ub>>) -> ()
      %71 = "memref.collapse_shape"(%69) <{reassociation = [[0, 1]]}> : (memref<?x1xf32, #hivm.address_space<ub>>) -> memref<?xf32, #hivm.address_space<ub>>
      %72 = "hivm.hir.pointer_cast"(%13) <{operandSegmentSizes = array<i32: 1, 0>}> : (i64) -> memref<24xi8, #hivm.address_space<ub>>
      %73 = "memref.view"(%72, %2, %48) : (memref<24xi8, #hivm.address_space<ub>>, index, index) -> memref<?xf32, #hivm.address_space<ub>>
      %74 = "hivm.hir.pointer_cast"(%15) <{operandSegmentSizes = array<i32: 1, 0>}> : (i64) -> memref<8xf32, #hivm.address_space<ub>>
      "hivm.hir.pipe_barrier"() <{pipe = #hivm.pipe<PIPE_V>}> : () -> ()
      "hivm.hir.vdiv"(%71, %4, %73, %74) <{broadcast = array<i64>, operandSegmentSizes = array<i32: 2, 1, 1>, transpose = array<i64>}> : (memref<?xf32, #hivm.address_space<ub>>, f32, memref<?xf32, #hivm.address_space<ub>>, memref<8xf32, #hivm.address_space<ub>>) -> ()
      %75 = "hivm.hir.pointer_cast"(%13) <{operandSegmentSizes = array<i32: 1, 0>}> : (i64) -> memref<24xi8, #hivm.address_space<ub>>
      %76 = "memref.view"(%75, %2, %48) : (memref<24xi8, #hivm.address_space<ub>>, index, index) -> memref<?xf32, #hivm.address_space<ub>>
      "hivm.hir.pipe_barrier"() <{pipe = #hivm.pipe<PIPE_V>}> : () -> ()
      "hivm.hir.vadd"(%73, %3, %76) <{broadcast = array<i64>, operandSegmentSizes = array<i32: 2, 1, 0>, transpose = array<i64>}> : (memref<?xf32, #hivm.address_space<ub>>, f32, memref<?xf32, #hivm.address_space<ub>>) -> ()
      %77 = "hivm.hir.pointer_cast"(%13) <{operandSegmentSizes = array<i32: 1, 0>}> : (i64) -> memref<24xi8, #hivm.address_space<ub>>
      %78 = "memref.view"(%77, %2, %48) : (memref<24xi8, #hivm.address_space<ub>>, index, index) -> memref<?xf32, #hivm.address_space<ub>>
      "hivm.hir.pipe_barrier"() <{pipe = #hivm.pipe<PIPE_V>}> : () -> ()
      "hivm.hir.vsqrt"(%76, %78) <{broadcast = array<i64>, operandSegmentSizes = array<i32: 1, 1, 0>, transpose = array<i64>}> : (memref<?xf32, #hivm.address_space<ub>>, memref<?xf32, #hivm.address_space<ub>>) -> ()
      %79 = "hivm.hir.pointer_cast"(%16) <{operandSegmentSizes = array<i32: 1, 0>}> : (i64) -> memref<24xi8, #hivm.address_space<ub>>
      %80 = "memref.view"(%79, %2, %48) : (memref<24xi8, #hivm.address_space<ub>>, index, index) -> memref<?xf32, #hivm.address_space<ub>>
      "hivm.hir.vbrc"(%5, %80) <{broadcast_dims = array<i64>}> : (f32, memref<?xf32, #hivm.address_space<ub>>) -> ()
      "hivm.hir.pipe_barrier"() <{pipe = #hivm.pipe<PIPE_V>}> : () -> ()
      "hivm.hir.vdiv"(%80, %78, %80) <{broadcast = array<i64>, operandSegmentSizes = array<i32: 2, 1, 0>, transpose = array<i64>}> : (memref<?xf32, #hivm.address_space<ub>>, memref<?xf32, #hivm.address_space<ub>>, memref<?xf32, #hivm.address_space<ub>>) -> ()
      %81 = "memref.expand_shape"(%80, %48) <{reassociation = [[0, 1]], static_output_shape = array<i64: -9223372036854775808, 1>}> : (memref<?xf32, #hivm.address_space<ub>>, index) -> memref<?x1xf32, #hivm.address_space<ub>>
      %82 = "memref.view"(%46, %2, %48) : (memref<13088xi8, #hivm.address_space<ub>>, index, index) -> memref<?x512xf32, #hivm.address_space<ub>>
      %83 = "hivm.hir.pointer_cast"(%17) <{operandSegmentSizes = array<i32: 1, 0>}> : (i64) -> memref<3272xf32, #hivm.address_space<ub>>
      "hivm.hir.pipe_barrier"() <{pipe = #hivm.pipe<PIPE_V>}> : () -> ()
      "hivm.hir.vmul"(%62, %81, %82, %83) <{broadcast = array<i64: 1>, operandSegmentSizes = array<i32: 2, 1, 1>, transpose = array<i64>}> : (memref<?x512xf32, #hivm.address_space<ub>>, memref<?x1xf32, #hivm.address_space<ub>>, memref<?x512xf32, #hivm.address_space<ub>>, memref<3272xf32, #hivm.address_space<ub>>) -> ()
      %84 = "memref.view"(%46, %2, %48) : (memref<13088xi8, #hivm.address_space<ub>>, index, index) -> memref<?x512xf32, #hivm.address_space<ub>>
      "hivm.hir.pipe_barrier"() <{pipe = #hivm.pipe<PIPE_V>}> : () -> ()
      "hivm.hir.vmul"(%82, %30, %84) <{broadcast = array<i64: 0>, operandSegmentSizes = array<i32: 2, 1, 0>, transpose = array<i64>}> : (memref<?x512xf32, #hivm.address_space<ub>>, memref<1x512xf32, #hivm.address_space<ub>>, memref<?x512xf32, #hivm.address_space<ub>>) -> ()
      %85 = "memref.view"(%42, %2, %48) : (memref<13088xi8, #hivm.address_space<ub>>, index, index) -> memref<?x512xf32, #hivm.address_space<ub>>
      "hivm.hir.pipe_barrier"() <{pipe = #hivm.pipe<PIPE_V>}> : () -> ()
      "hivm.hir.vadd"(%84, %31, %85) <{broadcast = array<i64: 0>, operandSegmentSizes = array<i32: 2, 1, 0>, transpose = array<i64>}> : (memref<?x512xf32, #hivm.address_space<ub>>, memref<1x512xf32, #hivm.address_space<ub>>, memref<?x512xf32, #hivm.address_space<ub>>) -> ()
      "hivm.hir.set_flag"() <{set_pipe = #hivm.pipe<PIPE_V>, static_event_id = #hivm.event<EVENT_ID0>, wait_pipe = #hivm.pipe<PIPE_MTE3>}> : () -> ()
      %86 = "memref.collapse_shape"(%85) <{reassociation = [[0, 1]]}> : (memref<?x512xf32, #hivm.address_space<ub>>) -> memref<?xf32, #hivm.address_space<ub>>
      %87 = "memref.collapse_shape"(%53) <{reassociation = [[0, 1]]}> : (memref<?x512xf32, strided<[512, 1], offset: ?>, #hivm.address_space<gm>>) -> memref<?xf32, strided<[1], offset: ?>, #hivm.address_space<gm>>
      "hivm.hir.wait_flag"() <{set_pipe = #hivm.pipe<PIPE_V>, static_event_id = #hivm.event<EVENT_ID0>, wait_pipe = #hivm.pipe<PIPE_MTE3>}> : () -> ()
      "hivm.hir.pipe_barrier"() <{pipe = #hivm.pipe<PIPE_MTE3>}> : () -> ()
      "hivm.hir.store"(%86, %87) <{atomic_kind = #hivm.atomic_kind<none>}> : (memref<?xf32, #hivm.address_space<ub>>, memref<?xf32, strided<[1], offset: ?>, #hivm.address_space<gm>>) -> ()
      "hivm.hir.set_flag"() <{set_pipe = #hivm.pipe<PIPE_MTE3>, static_event_id = #hivm.event<EVENT_ID0>, wait_pipe = #hivm.pipe<PIPE_MTE2>}> : () -> ()
      %88 = "memref.view"(%38, %2, %48) : (memref<13088xi8, #hivm.address_space<ub>>, index, index) -> memref<?x512xf32, #hivm.address_space<ub>>
      %89 = "memref.collapse_shape"(%88) <{reassociation = [[0, 1]]}> : (memref<?x512xf32, #hivm.address_space<ub>>) -> memref<?xf32, #hivm.address_space<ub>>
      "hivm.hir.wait_flag"() <{set_pipe = #hivm.pipe<PIPE_MTE3>, static_event_id = #hivm.event<EVENT_ID0>, wait_pipe = #hivm.pipe<PIPE_MTE2>}> : () -> ()
      "hivm.hir.load"(%87, %89) <{init_out_buffer = false, may_implicit_transpose_with_last_axis = false, operandSegmentSizes = array<i32: 1, 1, 0, 0, 0, 0>}> : (memref<?xf32, strided<[1], offset: ?>, #hivm.address_space<gm>>, memref<?xf32, #hivm.address_space<ub>>) -> ()
      "hivm.hir.set_flag"() <{set_pipe = #hivm.pipe<PIPE_MTE2>, static_event_id = #hivm.event<EVENT_ID0>, wait_pipe = #hivm.pipe<PIPE_MTE3>}> : () -> ()
      "hivm.hir.wait_flag"() <{set_pipe = #hivm.pipe<PIPE_MTE2>, static_event_id = #hivm.event<EVENT_ID0>, wait_pipe = #hivm.pipe<PIPE_MTE3>}> : () -> ()
      "hivm.hir.store"(%89, %87) : (memref<?xf32, #hivm.address_space<ub>>, memref<?xf32, strided<[1], offset: ?>, #hivm.address_space<gm>>) -> ()
      "scf.yield"() : () -> ()
    }) {__tiled_for___2, pipeline.veconly} : (index, index, index) -> ()
    "hivm.hir.pipe_barrier"() <{pipe = #hivm.pipe<PIPE_ALL>}> : () -> ()
    "func.return"() : () -> ()
  }) {enable_auto_mark_buffer_size, hacc.block_dim = 2 : i64, hacc.entry, hacc.function_kind = #hacc.function_kind<DEVICE>, hacc.get_tiling_struct_size_function = #hacc.get_tiling_struct_size_function<@k_get_tiling_struct_size_function>, hfusion.fusion_kind = #hfusion.fusion_kind<LAST_AXIS_PBR>, hivm.func_core_type = #hivm.func_core_type<AIV>, hivm.storage_aligned} : () -> ()
}) {hacc.hivmc_compatible_print = true, hacc.hivmc_version = #hacc.hivmc_version<"0.0.0">, hivm.module_core_type = #hivm.module_core_type<AIV>} : () -> ()

