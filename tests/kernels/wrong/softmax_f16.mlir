"builtin.module"() ({
  "func.func"() <{sym_name = "main", function_type = (tensor<8x1024xf16>) -> tensor<8x1024xf16>}> ({
  ^bb0(%0: tensor<8x1024xf16>):
    %1 = "npu.undecided"(%0) <{label = "rows_0"}> ({
    ^bb0(%2: tensor<8x1024xf16>):
      %3 = "tensor.empty"() : () -> tensor<8x1024xf32>
      %4 = "linalg.generic"(%2, %3) <{indexing_maps = [affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d0, d1)>], iterator_types = [#linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>], operandSegmentSizes = array<i32: 1, 1>}> ({
      ^bb0(%arg22: f16, %arg23: f32):
        %5 = "arith.extf"(%arg22) : (f16) -> f32
        "linalg.yield"(%5) : (f32) -> ()
      }) : (tensor<8x1024xf16>, tensor<8x1024xf32>) -> tensor<8x1024xf32>
      %6 = "arith.constant"() <{value = 0xff800000 : f32}> : () -> f32
      %7 = "tensor.empty"() : () -> tensor<8xf32>
      %8 = "linalg.fill"(%6, %7) <{operandSegmentSizes = array<i32: 1, 1>}> ({
      ^bb0(%arg18: f32, %arg19: f32):
        "linalg.yield"(%arg18) : (f32) -> ()
      }) : (f32, tensor<8xf32>) -> tensor<8xf32>
      %9 = "linalg.generic"(%4, %8) <{indexing_maps = [affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d0)>], iterator_types = [#linalg.iterator_type<parallel>, #linalg.iterator_type<reduction>], operandSegmentSizes = array<i32: 1, 1>}> ({
      ^bb0(%arg15: f32, %arg16: f32):
        %10 = "arith.maximumf"(%arg15, %arg16) <{fastmath = #arith.fastmath<none>}> : (f32, f32) -> f32
        "linalg.yield"(%10) : (f32) -> ()
      }) : (tensor<8x1024xf32>, tensor<8xf32>) -> tensor<8xf32>
      %11 = "tensor.expand_shape"(%9) <{reassociation = [[0 : i64, 1 : i64]], static_output_shape = array<i64: 8, 1>}> : (tensor<8xf32>) -> tensor<8x1xf32>
      %12 = "linalg.generic"(%4, %11, %3) <{indexing_maps = [affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d0, 0)>, affine_map<(d0, d1) -> (d0, d1)>], iterator_types = [#linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>], operandSegmentSizes = array<i32: 2, 1>}> ({
      ^bb0(%arg12: f32, %arg13: f32, %arg14: f32):
        %13 = "arith.subf"(%arg12, %arg13) <{fastmath = #arith.fastmath<none>}> : (f32, f32) -> f32
        "linalg.yield"(%13) : (f32) -> ()
      }) : (tensor<8x1024xf32>, tensor<8x1xf32>, tensor<8x1024xf32>) -> tensor<8x1024xf32>
      %14 = "linalg.generic"(%12, %3) <{indexing_maps = [affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d0, d1)>], iterator_types = [#linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>], operandSegmentSizes = array<i32: 1, 1>}> ({
      ^bb0(%arg10: f32, %arg11: f32):
        %15 = "math.exp"(%arg10) <{fastmath = #arith.fastmath<none>}> : (f32) -> f32
        "linalg.yield"(%15) : (f32) -> ()
      }) : (tensor<8x1024xf32>, tensor<8x1024xf32>) -> tensor<8x1024xf32>
      %16 = "arith.constant"() <{value = 0.000000e+00 : f32}> : () -> f32
      %17 = "tensor.empty"() : () -> tensor<8x1xf32>
      %18 = "linalg.fill"(%16, %17) <{operandSegmentSizes = array<i32: 1, 1>}> ({
      ^bb0(%arg8: f32, %arg9: f32):
        "linalg.yield"(%arg8) : (f32) -> ()
      }) : (f32, tensor<8x1xf32>) -> tensor<8x1xf32>
      %19 = "linalg.generic"(%14, %18) <{indexing_maps = [affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d0, 0)>], iterator_types = [#linalg.iterator_type<parallel>, #linalg.iterator_type<reduction>], operandSegmentSizes = array<i32: 1, 1>}> ({
      ^bb0(%arg6: f32, %arg7: f32):
        %20 = "arith.addf"(%arg6, %arg7) <{fastmath = #arith.fastmath<none>}> : (f32, f32) -> f32
        "linalg.yield"(%20) : (f32) -> ()
      }) : (tensor<8x1024xf32>, tensor<8x1xf32>) -> tensor<8x1xf32>
      %21 = "linalg.generic"(%14, %19, %3) <{indexing_maps = [affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d0, 0)>, affine_map<(d0, d1) -> (d0, d1)>], iterator_types = [#linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>], operandSegmentSizes = array<i32: 2, 1>}> ({
      ^bb0(%arg3: f32, %arg4: f32, %arg5: f32):
        %22 = "arith.divf"(%arg3, %arg4) <{fastmath = #arith.fastmath<none>}> : (f32, f32) -> f32
        "linalg.yield"(%22) : (f32) -> ()
      }) : (tensor<8x1024xf32>, tensor<8x1xf32>, tensor<8x1024xf32>) -> tensor<8x1024xf32>
      %23 = "tensor.empty"() : () -> tensor<8x1024xf16>
      %24 = "linalg.generic"(%21, %23) <{indexing_maps = [affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d0, d1)>], iterator_types = [#linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>], operandSegmentSizes = array<i32: 1, 1>}> ({
      ^bb0(%arg1: f32, %arg2: f16):
        %25 = "arith.truncf"(%arg1) : (f32) -> f16
        "linalg.yield"(%25) : (f16) -> ()
      }) : (tensor<8x1024xf32>, tensor<8x1024xf16>) -> tensor<8x1024xf16>
      "npu.yield"(%24) : (tensor<8x1024xf16>) -> ()
    }) : (tensor<8x1024xf16>) -> tensor<8x1024xf16>
    "func.return"(%1) : (tensor<8x1024xf16>) -> ()
  }) : () -> ()
}) : () -> ()
