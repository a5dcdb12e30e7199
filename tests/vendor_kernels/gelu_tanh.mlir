// Output of bishengir-compile (ascendnpu-ir 1.2.0, Ascend910B1, 2 blocks) before convert-hivm-to-std, in
// generic form: gelu by tanh of 96 x 1024 f16, double buffering, buffer count tuning 32.
#map = affine_map<()[s0] -> (-s0 + 39)>
#map1 = affine_map<()[s0] -> ((s0 floordiv 2) mod 2)>
#map2 = affine_map<()[s0, s1] -> (s0 * 2576 + s1 * 2576)>
#map3 = affine_map<()[s0, s1] -> (s0 * -2576 - s1 * 2576 + 98304, 2576)>
"builtin.module"() ({
  "func.func"() <{function_type = () -> i64, sym_name = "k_get_tiling_struct_size_function"}> ({
    %114 = "arith.constant"() <{value = 0 : i64}> : () -> i64
    "func.return"(%114) : (i64) -> ()
  }) {hacc.function_kind = #hacc.function_kind<HOST>, hacc.host_func_type = #hacc.host_func_type<get_tiling_struct_size_function>} : () -> ()
  "func.func"() <{arg_attrs = [{hacc.arg_type = #hacc.arg_type<input>, hacc.input_idx = #hacc.input_idx<0>}, {hacc.arg_type = #hacc.arg_type<output>, hacc.output_idx = #hacc.output_idx<0>}], function_type = (memref<96x1024xf16, #hivm.address_space<gm>>, memref<96x1024xf16, #hivm.address_space<gm>>) -> (), sym_name = "k"}> ({
  ^bb0(%arg0: memref<96x1024xf16, #hivm.address_space<gm>>, %arg1: memref<96x1024xf16, #hivm.address_space<gm>>):
    %0 = "arith.constant"() <{value = 1 : i64}> : () -> i64
    %1 = "arith.constant"() <{value = 2 : index}> : () -> index
    %2 = "arith.constant"() <{value = 0 : index}> : () -> index
    %3 = "arith.constant"() <{value = 5.000000e-01 : f16}> : () -> f16
    %4 = "arith.constant"() <{value = 1.000000e+00 : f16}> : () -> f16
    %5 = "arith.constant"() <{value = 7.978520e-01 : f16}> : () -> f16
    %6 = "arith.constant"() <{value = 4.470830e-02 : f16}> : () -> f16
    %7 = "arith.constant"() <{value = 8.800000e+00 : f32}> : () -> f32
    %8 = "arith.constant"() <{value = -8.800000e+00 : f32}> : () -> f32
    %9 = "arith.constant"() <{value = 2.000000e+00 : f32}> : () -> f32
    %10 = "arith.constant"() <{value = -1.000000e+00 : f32}> : () -> f32
    %11 = "arith.constant"() <{value = 1.000000e+00 : f32}> : () -> f32
    %12 = "arith.constant"() <{value = 5152 : i64}> : () -> i64
    %13 = "arith.constant"() <{value = 20608 : i64}> : () -> i64
    %14 = "arith.constant"() <{value = 36064 : i64}> : () -> i64
    %15 = "arith.constant"() <{value = 0 : i64}> : () -> i64
    %16 = "arith.constant"() <{value = 41216 : i64}> : () -> i64
    %17 = "arith.constant"() <{value = 10304 : i64}> : () -> i64
    %18 = "arith.constant"() <{value = 30912 : i64}> : () -> i64
    %19 = "arith.constant"() <{value = 51520 : i64}> : () -> i64
    %20 = "hivm.hir.pointer_cast"(%18) <{operandSegmentSizes = array<i32: 1, 0>}> : (i64) -> memref<5152xi8, #hivm.address_space<ub>>
    %21 = "hivm.hir.pointer_cast"(%19) <{operandSegmentSizes = array<i32: 1, 0>}> : (i64) -> memref<5152xi8, #hivm.address_space<ub>>
    %22 = "hivm.hir.pointer_cast"(%17) <{operandSegmentSizes = array<i32: 1, 0>}> : (i64) -> memref<5152xi8, #hivm.address_space<ub>>
    %23 = "hivm.hir.pointer_cast"(%16) <{operandSegmentSizes = array<i32: 1, 0>}> : (i64) -> memref<5152xi8, #hivm.address_space<ub>>
    %24 = "hivm.hir.pointer_cast"(%15) <{operandSegmentSizes = array<i32: 1, 0>}> : (i64) -> memref<5152xi8, #hivm.address_space<ub>>
    %25 = "hivm.hir.pointer_cast"(%14) <{operandSegmentSizes = array<i32: 1, 0>}> : (i64) -> memref<5152xi8, #hivm.address_space<ub>>
    %26 = "hivm.hir.pointer_cast"(%17) <{operandSegmentSizes = array<i32: 1, 0>}> : (i64) -> memref<10304xi8, #hivm.address_space<ub>>
    %27 = "hivm.hir.pointer_cast"(%16) <{operandSegmentSizes = array<i32: 1, 0>}> : (i64) -> memref<10304xi8, #hivm.address_space<ub>>
    %28 = "hivm.hir.pointer_cast"(%17) <{operandSegmentSizes = array<i32: 1, 0>}> : (i64) -> memref<10304xi8, #hivm.address_space<ub>>
    %29 = "hivm.hir.pointer_cast"(%16) <{operandSegmentSizes = array<i32: 1, 0>}> : (i64) -> memref<10304xi8, #hivm.address_space<ub>>
    %30 = "hivm.hir.pointer_cast"(%17) <{operandSegmentSizes = array<i32: 1, 0>}> : (i64) -> memref<10304xi8, #hivm.address_space<ub>>
    %31 = "hivm.hir.pointer_cast"(%16) <{operandSegmentSizes = array<i32: 1, 0>}> : (i64) -> memref<10304xi8, #hivm.address_space<ub>>
    %32 = "hivm.hir.pointer_cast"(%17) <{operandSegmentSizes = array<i32: 1, 0>}> : (i64) -> memref<10304xi8, #hivm.address_space<ub>>
    %33 = "hivm.hir.pointer_cast"(%16) <{operandSegmentSizes = array<i32: 1, 0>}> : (i64) -> memref<10304xi8, #hivm.address_space<ub>>
    %34 = "hivm.hir.pointer_cast"(%17) <{operandSegmentSizes = array<i32: 1, 0>}> : (i64) -> memref<10304xi8, #hivm.address_space<ub>>
    %35 = "hivm.hir.pointer_cast"(%16) <{operandSegmentSizes = array<i32: 1, 0>}> : (i64) -> memref<10304xi8, #hivm.address_space<ub>>
    %36 = "hivm.hir.pointer_cast"(%17) <{operandSegmentSizes = array<i32: 1, 0>}> : (i64) -> memref<10304xi8, #hivm.address_space<ub>>
    %37 = "hivm.hir.pointer_cast"(%16) <{operandSegmentSizes = array<i32: 1, 0>}> : (i64) -> memref<10304xi8, #hivm.address_space<ub>>
    %38 = "hivm.hir.pointer_cast"(%17) <{operandSegmentSizes = array<i32: 1, 0>}> : (i64) -> memref<10304xi8, #hivm.address_space<ub>>
    %39 = "hivm.hir.pointer_cast"(%16) <{operandSegmentSizes = array<i32: 1, 0>}> : (i64) -> memref<10304xi8, #hivm.address_space<ub>>
    "hivm.hir.set_mask_norm"() : () -> ()
    %40 = "memref.collapse_shape"(%arg0) <{reassociation = [[0, 1]]}> : (memref<96x1024xf16, #hivm.address_space<gm>>) -> memref<98304xf16, #hivm.address_space<gm>>
    %41 = "memref.collapse_shape"(%arg1) <{reassociation = [[0, 1]]}> : (memref<96x1024xf16, #hivm.address_space<gm>>) -> memref<98304xf16, #hivm.address_space<gm>>
    %42 = "hivm.hir.get_block_idx"() : () -> i64
    %43 = "arith.index_cast"(%42) : (i64) -> index
    %44 = "affine.apply"(%43) <{map = #map}> : (index) -> index
    "scf.for"(%2, %44, %1) ({
    ^bb0(%arg2: index):
      %45 = "affine.apply"(%arg2) <{map = #map1}> : (index) -> index
      %46 = "arith.index_cast"(%45) : (index) -> i64
      %47 = "arith.cmpi"(%46, %0) <{predicate = 0 : i64}> : (i64, i64) -> i1
      %48 = "arith.select"(%47, %21, %20) : (i1, memref<5152xi8, #hivm.address_space<ub>>, memref<5152xi8, #hivm.address_space<ub>>) -> memref<5152xi8, #hivm.address_space<ub>>
      %49 = "affine.apply"(%arg2) <{map = #map1}> : (index) -> index
      %50 = "arith.index_cast"(%49) : (index) -> i64
      %51 = "arith.cmpi"(%50, %0) <{predicate = 0 : i64}> : (i64, i64) -> i1
      %52 = "arith.select"(%51, %23, %22) : (i1, memref<5152xi8, #hivm.address_space<ub>>, memref<5152xi8, #hivm.address_space<ub>>) -> memref<5152xi8, #hivm.address_space<ub>>
      %53 = "affine.apply"(%arg2) <{map = #map1}> : (index) -> index
      %54 = "arith.index_cast"(%53) : (index) -> i64
      %55 = "arith.cmpi"(%54, %0) <{predicate = 0 : i64}> : (i64, i64) -> i1
      %56 = "arith.select"(%55, %25, %24) : (i1, memref<5152xi8, #hivm.address_space<ub>>, memref<5152xi8, #hivm.address_space<ub>>) -> memref<5152xi8, #hivm.address_space<ub>>
      %57 = "affine.apply"(%arg2) <{map = #map1}> : (index) -> index
      %58 = "arith.index_cast"(%57) : (index) -> i64
      %59 = "arith.cmpi"(%58, %0) <{predicate = 0 : i64}> : (i64, i64) -> i1
      %60 = "arith.select"(%59, %27, %26) : (i1, memref<10304xi8, #hivm.address_space<ub>>, memref<10304xi8, #hivm.address_space<ub>>) -> memref<10304xi8, #hivm.address_space<ub>>
      %61 = "affine.apply"(%arg2) <{map = #map1}> : (index) -> index
      %62 = "arith.index_cast"(%61) : (index) -> i64
      %63 = "arith.cmpi"(%62, %0) <{predicate = 0 : i64}> : (i64, i64) -> i1
      %64 = "arith.select"(%63, %29, %28) : (i1, memref<10304xi8, #hivm.address_space<ub>>, memref<10304xi8, #hivm.address_space<ub>>) -> memref<10304xi8, #hivm.address_space<ub>>
      %65 = "affine.apply"(%arg2) <{map = #map1}> : (index) -> index
      %66 = "arith.index_cast"(%65) : (index) -> i64
      %67 = "arith.cmpi"(%66, %0) <{predicate = 0 : i64}> : (i64, i64) -> i1
      %68 = "arith.select"(%67, %31, %30) : (i1, memref<10304xi8, #hivm.address_space<ub>>, memref<10304xi8, #hivm.address_space<ub>>) -> memref<10304xi8, #hivm.address_space<ub>>
      %69 = "affine.apply"(%arg2) <{map = #map1}> : (index) -> index
      %70 = "arith.index_cast"(%69) : (index) -> i64
      %71 = "arith.cmpi"(%70, %0) <{predicate = 0 : i64}> : (i64, i64) -> i1
      %72 = "arith.select"(%71, %33, %32) : (i1, memref<10304xi8, #hivm.address_space<ub>>, memref<10304xi8, #hivm.address_space<ub>>) -> memref<10304xi8, #hivm.address_space<ub>>
      %73 = "affine.apply"(%arg2) <{map = #map1}> : (index) -> index
      %74 = "arith.index_cast"(%73) : (index) -> i64
      %75 = "arith.cmpi"(%74, %0) <{predicate = 0 : i64}> : (i64, i64) -> i1
      %76 = "arith.select"(%75, %35, %34) : (i1, memref<10304xi8, #hivm.address_space<ub>>, memref<10304xi8, #hivm.address_space<ub>>) -> memref<10304xi8, #hivm.address_space<ub>>
      %77 = "affine.apply"(%arg2) <{map = #map1}> : (index) -> index
      %78 = "arith.index_cast"(%77) : (index) -> i64
      %79 = "arith.cmpi"(%78, %0) <{predicate = 0 : i64}> : (i64, i64) -> i1
      %80 = "arith.select"(%79, %37, %36) : (i1, memref<10304xi8, #hivm.address_space<ub>>, memref<10304xi8, #hivm.address_space<ub>>) -> memref<10304xi8, #hivm.address_space<ub>>
      %81 = "affine.apply"(%arg2) <{map = #map1}> : (index) -> index
      %82 = "arith.index_cast"(%81) : (index) -> i64
      %83 = "arith.cmpi"(%82, %0) <{predicate = 0 : i64}> : (i64, i64) -> i1
      %84 = "arith.select"(%83, %39, %38) : (i1, memref<10304xi8, #hivm.address_space<ub>>, memref<10304xi8, #hivm.address_space<ub>>) -> memref<10304xi8, #hivm.address_space<ub>>
      %85 = "affine.apply"(%43, %arg2) <{map = #map2}> : (index, index) -> index
      %86 = "affine.min"(%43, %arg2) <{map = #map3}> : (index, index) -> index
      %87 = "memref.subview"(%40, %85, %86) <{operandSegmentSizes = array<i32: 1, 1, 1, 0>, static_offsets = array<i64: -9223372036854775808>, static_sizes = array<i64: -9223372036854775808>, static_strides = array<i64: 1>}> : (memref<98304xf16, #hivm.address_space<gm>>, index, index) -> memref<?xf16, strided<[1], offset: ?>, #hivm.address_space<gm>>
      %88 = "memref.view"(%56, %2, %86) : (memref<5152xi8, #hivm.address_space<ub>>, index, index) -> memref<?xf16, #hivm.address_space<ub>>
      "hivm.hir.load"(%87, %88) <{init_out_buffer = false, may_implicit_transpose_with_last_axis = false, operandSegmentSizes = array<i32: 1, 1, 0, 0, 0, 0>}> : (memref<?xf16, strided<[1], offset: ?>, #hivm.address_space<gm>>, memref<?xf16, #hivm.address_space<ub>>) -> ()
      "hivm.hir.set_flag"() <{set_pipe = #hivm.pipe<PIPE_MTE2>, static_event_id = #hivm.event<EVENT_ID0>, wait_pipe = #hivm.pipe<PIPE_V>}> : () -> ()
      %89 = "memref.subview"(%41, %85, %86) <{operandSegmentSizes = array<i32: 1, 1, 1, 0>, static_offsets = array<i64: -9223372036854775808>, static_sizes = array<i64: -9223372036854775808>, static_strides = array<i64: 1>}> : (memref<98304xf16, #hivm.address_space<gm>>, index, index) -> memref<?xf16, strided<[1], offset: ?>, #hivm.address_space<gm>>
      %90 = "hivm.hir.pointer_cast"(%12) <{operandSegmentSizes = array<i32: 1, 0>}> : (i64) -> memref<5152xi8, #hivm.address_space<ub>>
      %91 = "memref.view"(%90, %2, %86) : (memref<5152xi8, #hivm.address_space<ub>>, index, index) -> memref<?xf16, #hivm.address_space<ub>>
      "hivm.hir.wait_flag"() <{set_pipe = #hivm.pipe<PIPE_MTE2>, static_event_id = #hivm.event<EVENT_ID0>, wait_pipe = #hivm.pipe<PIPE_V>}> : () -> ()
      "hivm.hir.vmul"(%88, %88, %91) <{broadcast = array<i64>, operandSegmentSizes = array<i32: 2, 1, 0>, transpose = array<i64>}> : (memref<?xf16, #hivm.address_space<ub>>, memref<?xf16, #hivm.address_space<ub>>, memref<?xf16, #hivm.address_space<ub>>) -> ()
      %92 = "hivm.hir.pointer_cast"(%12) <{operandSegmentSizes = array<i32: 1, 0>}> : (i64) -> memref<5152xi8, #hivm.address_space<ub>>
      %93 = "memref.view"(%92, %2, %86) : (memref<5152xi8, #hivm.address_space<ub>>, index, index) -> memref<?xf16, #hivm.address_space<ub>>
      "hivm.hir.pipe_barrier"() <{pipe = #hivm.pipe<PIPE_V>}> : () -> ()
      "hivm.hir.vmul"(%91, %88, %93) <{broadcast = array<i64>, operandSegmentSizes = array<i32: 2, 1, 0>, transpose = array<i64>}> : (memref<?xf16, #hivm.address_space<ub>>, memref<?xf16, #hivm.address_space<ub>>, memref<?xf16, #hivm.address_space<ub>>) -> ()
      %94 = "hivm.hir.pointer_cast"(%12) <{operandSegmentSizes = array<i32: 1, 0>}> : (i64) -> memref<5152xi8, #hivm.address_space<ub>>
      %95 = "memref.view"(%94, %2, %86) : (memref<5152xi8, #hivm.address_space<ub>>, index, index) -> memref<?xf16, #hivm.address_space<ub>>
      "hivm.hir.pipe_barrier"() <{pipe = #hivm.pipe<PIPE_V>}> : () -> ()
      "hivm.hir.vmul"(%93, %6, %95) <{broadcast = array<i64>, operandSegmentSizes = array<i32: 2, 1, 0>, transpose = array<i64>}> : (memref<?xf16, #hivm.address_space<ub>>, f16, memref<?xf16, #hivm.address_space<ub>>) -> ()
      %96 = "hivm.hir.pointer_cast"(%12) <{operandSegmentSizes = array<i32: 1, 0>}> : (i64) -> memref<5152xi8, #hivm.address_space<ub>>
      %97 = "memref.view"(%96, %2, %86) : (memref<5152xi8, #hivm.address_space<ub>>, index, index) -> memref<?xf16, #hivm.address_space<ub>>
      "hivm.hir.pipe_barrier"() <{pipe = #hivm.pipe<PIPE_V>}> : () -> ()
      "hivm.hir.vadd"(%88, %95, %97) <{broadcast = array<i64>, operandSegmentSizes = array<i32: 2, 1, 0>, transpose = array<i64>}> : (memref<?xf16, #hivm.address_space<ub>>, memref<?xf16, #hivm.address_space<ub>>, memref<?xf16, #hivm.address_space<ub>>) -> ()
      %98 = "hivm.hir.pointer_cast"(%12) <{operandSegmentSizes = array<i32: 1, 0>}> : (i64) -> memref<5152xi8, #hivm.address_space<ub>>
      %99 = "memref.view"(%98, %2, %86) : (memref<5152xi8, #hivm.address_space<ub>>, index, index) -> memref<?xf16, #hivm.address_space<ub>>
      "hivm.hir.pipe_barrier"() <{pipe = #hivm.pipe<PIPE_V>}> : () -> ()
      "hivm.hir.vmul"(%97, %5, %99) <{broadcast = array<i64>, operandSegmentSizes = array<i32: 2, 1, 0>, transpose = array<i64>}> : (memref<?xf16, #hivm.address_space<ub>>, f16, memref<?xf16, #hivm.address_space<ub>>) -> ()
      %100 = "memref.view"(%60, %2, %86) : (memref<10304xi8, #hivm.address_space<ub>>, index, index) -> memref<?xf32, #hivm.address_space<ub>>
      "hivm.hir.pipe_barrier"() <{pipe = #hivm.pipe<PIPE_V>}> : () -> ()
      "hivm.hir.vcast"(%99, %100) <{broadcast = array<i64>, cast = #hivm.cast<cast_signed>, operandSegmentSizes = array<i32: 1, 1, 0>, round_mode = #hivm.round_mode<round>, transpose = array<i64>}> : (memref<?xf16, #hivm.address_space<ub>>, memref<?xf32, #hivm.address_space<ub>>) -> ()
      %101 = "memref.view"(%64, %2, %86) : (memref<10304xi8, #hivm.address_space<ub>>, index, index) -> memref<?xf32, #hivm.address_space<ub>>
      "hivm.hir.pipe_barrier"() <{pipe = #hivm.pipe<PIPE_V>}> : () -> ()
      "hivm.hir.vmin"(%100, %7, %101) <{broadcast = array<i64>, operandSegmentSizes = array<i32: 2, 1, 0>, transpose = array<i64>}> : (memref<?xf32, #hivm.address_space<ub>>, f32, memref<?xf32, #hivm.address_space<ub>>) -> ()
      %102 = "memref.view"(%68, %2, %86) : (memref<10304xi8, #hivm.address_space<ub>>, index, index) -> memref<?xf32, #hivm.address_space<ub>>
      "hivm.hir.pipe_barrier"() <{pipe = #hivm.pipe<PIPE_V>}> : () -> ()
      "hivm.hir.vmax"(%101, %8, %102) <{broadcast = array<i64>, operandSegmentSizes = array<i32: 2, 1, 0>, transpose = array<i64>}> : (memref<?xf32, #hivm.address_space<ub>>, f32, memref<?xf32, #hivm.address_space<ub>>) -> ()
      %103 = "memref.view"(%72, %2, %86) : (memref<10304xi8, #hivm.address_space<ub>>, index, index) -> memref<?xf32, #hivm.address_space<ub>>
      "hivm.hir.pipe_barrier"() <{pipe = #hivm.pipe<PIPE_V>}> : () -> ()
      "hivm.hir.vmul"(%102, %9, %103) <{broadcast = array<i64>, operandSegmentSizes = array<i32: 2, 1, 0>, transpose = array<i64>}> : (memref<?xf32, #hivm.address_space<ub>>, f32, memref<?xf32, #hivm.address_space<ub>>) -> ()
      %104 = "memref.view"(%76, %2, %86) : (memref<10304xi8, #hivm.address_space<ub>>, index, index) -> memref<?xf32, #hivm.address_space<ub>>
      "hivm.hir.pipe_barrier"() <{pipe = #hivm.pipe<PIPE_V>}> : () -> ()
      "hivm.hir.vexp"(%103, %104) <{broadcast = array<i64>, operandSegmentSizes = array<i32: 1, 1, 0>, transpose = array<i64>}> : (memref<?xf32, #hivm.address_space<ub>>, memref<?xf32, #hivm.address_space<ub>>) -> ()
      %105 = "hivm.hir.pointer_cast"(%13) <{operandSegmentSizes = array<i32: 1, 0>}> : (i64) -> memref<10304xi8, #hivm.address_space<ub>>
      %106 = "memref.view"(%105, %2, %86) : (memref<10304xi8, #hivm.address_space<ub>>, index, index) -> memref<?xf32, #hivm.address_space<ub>>
      "hivm.hir.pipe_barrier"() <{pipe = #hivm.pipe<PIPE_V>}> : () -> ()
      "hivm.hir.vadd"(%104, %10, %106) <{broadcast = array<i64>, operandSegmentSizes = array<i32: 2, 1, 0>, transpose = array<i64>}> : (memref<?xf32, #hivm.address_space<ub>>, f32, memref<?xf32, #hivm.address_space<ub>>) -> ()
      %107 = "memref.view"(%80, %2, %86) : (memref<10304xi8, #hivm.address_space<ub>>, index, index) -> memref<?xf32, #hivm.address_space<ub>>
      "hivm.hir.pipe_barrier"() <{pipe = #hivm.pipe<PIPE_V>}> : () -> ()
      "hivm.hir.vadd"(%104, %11, %107) <{broadcast = array<i64>, operandSegmentSizes = array<i32: 2, 1, 0>, transpose = array<i64>}> : (memref<?xf32, #hivm.address_space<ub>>, f32, memref<?xf32, #hivm.address_space<ub>>) -> ()
      %108 = "memref.view"(%84, %2, %86) : (memref<10304xi8, #hivm.address_space<ub>>, index, index) -> memref<?xf32, #hivm.address_space<ub>>
      "hivm.hir.pipe_barrier"() <{pipe = #hivm.pipe<PIPE_V>}> : () -> ()
      "hivm.hir.vdiv"(%106, %107, %108) <{broadcast = array<i64>, operandSegmentSizes = array<i32: 2, 1, 0>, transpose = array<i64>}> : (memref<?xf32, #hivm.address_space<ub>>, memref<?xf32, #hivm.address_space<ub>>, memref<?xf32, #hivm.address_space<ub>>) -> ()
      %109 = "memref.view"(%52, %2, %86) : (memref<5152xi8, #hivm.address_space<ub>>, index, index) -> memref<?xf16, #hivm.address_space<ub>>
      "hivm.hir.pipe_barrier"() <{pipe = #hivm.pipe<PIPE_V>}> : () -> ()
      "hivm.hir.vcast"(%108, %109) <{broadcast = array<i64>, cast = #hivm.cast<cast_signed>, operandSegmentSizes = array<i32: 1, 1, 0>, round_mode = #hivm.round_mode<round>, transpose = array<i64>}> : (memref<?xf32, #hivm.address_space<ub>>, memref<?xf16, #hivm.address_space<ub>>) -> ()
      %110 = "memref.view"(%52, %2, %86) : (memref<5152xi8, #hivm.address_space<ub>>, index, index) -> memref<?xf16, #hivm.address_space<ub>>
      "hivm.hir.pipe_barrier"() <{pipe = #hivm.pipe<PIPE_V>}> : () -> ()
      "hivm.hir.vadd"(%109, %4, %110) <{broadcast = array<i64>, operandSegmentSizes = array<i32: 2, 1, 0>, transpose = array<i64>}> : (memref<?xf16, #hivm.address_space<ub>>, f16, memref<?xf16, #hivm.address_space<ub>>) -> ()
      %111 = "memref.view"(%52, %2, %86) : (memref<5152xi8, #hivm.address_space<ub>>, index, index) -> memref<?xf16, #hivm.address_space<ub>>
      "hivm.hir.pipe_barrier"() <{pipe = #hivm.pipe<PIPE_V>}> : () -> ()
      "hivm.hir.vmul"(%110, %3, %111) <{broadcast = array<i64>, operandSegmentSizes = array<i32: 2, 1, 0>, transpose = array<i64>}> : (memref<?xf16, #hivm.address_space<ub>>, f16, memref<?xf16, #hivm.address_space<ub>>) -> ()
      %112 = "memref.view"(%52, %2, %86) : (memref<5152xi8, #hivm.address_space<ub>>, index, index) -> memref<?xf16, #hivm.address_space<ub>>
      "hivm.hir.pipe_barrier"() <{pipe = #hivm.pipe<PIPE_V>}> : () -> ()
      "hivm.hir.vmul"(%88, %111, %112) <{broadcast = array<i64>, operandSegmentSizes = array<i32: 2, 1, 0>, transpose = array<i64>}> : (memref<?xf16, #hivm.address_space<ub>>, memref<?xf16, #hivm.address_space<ub>>, memref<?xf16, #hivm.address_space<ub>>) -> ()
      "hivm.hir.set_flag"() <{set_pipe = #hivm.pipe<PIPE_V>, static_event_id = #hivm.event<EVENT_ID0>, wait_pipe = #hivm.pipe<PIPE_MTE3>}> : () -> ()
      "hivm.hir.wait_flag"() <{set_pipe = #hivm.pipe<PIPE_V>, static_event_id = #hivm.event<EVENT_ID0>, wait_pipe = #hivm.pipe<PIPE_MTE3>}> : () -> ()
      "hivm.hir.pipe_barrier"() <{pipe = #hivm.pipe<PIPE_MTE3>}> : () -> ()
      "hivm.hir.store"(%112, %89) <{atomic_kind = #hivm.atomic_kind<none>}> : (memref<?xf16, #hivm.address_space<ub>>, memref<?xf16, strided<[1], offset: ?>, #hivm.address_space<gm>>) -> ()
      "hivm.hir.set_flag"() <{set_pipe = #hivm.pipe<PIPE_MTE3>, static_event_id = #hivm.event<EVENT_ID0>, wait_pipe = #hivm.pipe<PIPE_MTE2>}> : () -> ()
      %113 = "memref.view"(%48, %2, %86) : (memref<5152xi8, #hivm.address_space<ub>>, index, index) -> memref<?xf16, #hivm.address_space<ub>>
      "hivm.hir.wait_flag"() <{set_pipe = #hivm.pipe<PIPE_MTE3>, static_event_id = #hivm.event<EVENT_ID0>, wait_pipe = #hivm.pipe<PIPE_MTE2>}> : () -> ()
      "hivm.hir.load"(%89, %113) <{init_out_buffer = false, may_implicit_transpose_with_last_axis = false, operandSegmentSizes = array<i32: 1, 1, 0, 0, 0, 0>}> : (memref<?xf16, strided<[1], offset: ?>, #hivm.address_space<gm>>, memref<?xf16, #hivm.address_space<ub>>) -> ()
      "hivm.hir.set_flag"() <{set_pipe = #hivm.pipe<PIPE_MTE2>, static_event_id = #hivm.event<EVENT_ID0>, wait_pipe = #hivm.pipe<PIPE_MTE3>}> : () -> ()
      "hivm.hir.wait_flag"() <{set_pipe = #hivm.pipe<PIPE_MTE2>, static_event_id = #hivm.event<EVENT_ID0>, wait_pipe = #hivm.pipe<PIPE_MTE3>}> : () -> ()
      "hivm.hir.store"(%113, %89) : (memref<?xf16, #hivm.address_space<ub>>, memref<?xf16, strided<[1], offset: ?>, #hivm.address_space<gm>>) -> ()
      "scf.yield"() : () -> ()
    }) {__tiled_for___2, pipeline.veconly} : (index, index, index) -> ()
    "hivm.hir.pipe_barrier"() <{pipe = #hivm.pipe<PIPE_ALL>}> : () -> ()
    "func.return"() : () -> ()
  }) {enable_auto_mark_buffer_size, hacc.block_dim = 2 : i64, hacc.entry, hacc.function_kind = #hacc.function_kind<DEVICE>, hacc.get_tiling_struct_size_function = #hacc.get_tiling_struct_size_function<@k_get_tiling_struct_size_function>, hfusion.fusion_kind = #hfusion.fusion_kind<PURE_ELEMWISE>, hivm.func_core_type = #hivm.func_core_type<AIV>, hivm.storage_aligned} : () -> ()
}) {hacc.hivmc_compatible_print = true, hacc.hivmc_version = #hacc.hivmc_version<"0.0.0">, hivm.module_core_type = #hivm.module_core_type<AIV>} : () -> ()

