"builtin.module"() ({
  "func.func"() <{sym_name = "main", function_type = (tensor<8x1024xf32>) -> tensor<8x1024xf32>}> ({
  ^bb0(%0: tensor<8x1024xf32>):
    %1 = "npu.undecided"(%0) <{label = "rows_0"}> ({
    ^bb0(%2: tensor<8x1024xf32>):
      %3 = "arith.constant"() <{value = 0xff800000 : f32}> : () -> f32
      %4 = "tensor.empty"() : () -> tensor<8xf32>
      %5 = "linalg.fill"(%3, %4) <{operandSegmentSizes = array<i32: 1, 1>}> ({
      ^bb0(%arg16: f32, %arg17: f32):
        "linalg.yield"(%arg16) : (f32) -> ()
      }) : (f32, tensor<8xf32>) -> tensor<8xf32>
      %6 = "linalg.generic"(%2, %5) <{indexing_maps = [affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d0)>], iterator_types = [#linalg.iterator_type<parallel>, #linalg.iterator_type<reduction>], operandSegmentSizes = array<i32: 1, 1>}> ({
      ^bb0(%arg13: f32, %arg14: f32):
        %7 = "arith.maximumf"(%arg13, %arg14) <{fastmath = #arith.fastmath<none>}> : (f32, f32) -> f32
        "linalg.yield"(%7) : (f32) -> ()
      }) : (tensor<8x1024xf32>, tensor<8xf32>) -> tensor<8xf32>
      %8 = "tensor.expand_shape"(%6) <{reassociation = [[0 : i64, 1 : i64]], static_output_shape = array<i64: 8, 1>}> : (tensor<8xf32>) -> tensor<8x1xf32>
      %9 = "tensor.empty"() : () -> tensor<8x1024xf32>
      %10 = "linalg.generic"(%2, %8, %9) <{indexing_maps = [affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d0, 0)>, affine_map<(d0, d1) -> (d0, d1)>], iterator_types = [#linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>], operandSegmentSizes = array<i32: 2, 1>}> ({
      ^bb0(%arg10: f32, %arg11: f32, %arg12: f32):
        %11 = "arith.subf"(%arg10, %arg11) <{fastmath = #arith.fastmath<none>}> : (f32, f32) -> f32
        "linalg.yield"(%11) : (f32) -> ()
      }) : (tensor<8x1024xf32>, tensor<8x1xf32>, tensor<8x1024xf32>) -> tensor<8x1024xf32>
      %12 = "linalg.generic"(%10, %9) <{indexing_maps = [affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d0, d1)>], iterator_types = [#linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>], operandSegmentSizes = array<i32: 1, 1>}> ({
      ^bb0(%arg8: f32, %arg9: f32):
        %13 = "math.exp"(%arg8) <{fastmath = #arith.fastmath<none>}> : (f32) -> f32
        "linalg.yield"(%13) : (f32) -> ()
      }) : (tensor<8x1024xf32>, tensor<8x1024xf32>) -> tensor<8x1024xf32>
      %14 = "arith.constant"() <{value = 0.000000e+00 : f32}> : () -> f32
      %15 = "tensor.empty"() : () -> tensor<8x1xf32>
      %16 = "linalg.fill"(%14, %15) <{operandSegmentSizes = array<i32: 1, 1>}> ({
      ^bb0(%arg6: f32, %arg7: f32):
        "linalg.yield"(%arg6) : (f32) -> ()
      }) : (f32, tensor<8x1xf32>) -> tensor<8x1xf32>
      %17 = "linalg.generic"(%12, %16) <{indexing_maps = [affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d0, 0)>], iterator_types = [#linalg.iterator_type<parallel>, #linalg.iterator_type<reduction>], operandSegmentSizes = array<i32: 1, 1>}> ({
      ^bb0(%arg4: f32, %arg5: f32):
        %18 = "arith.addf"(%arg4, %arg5) <{fastmath = #arith.fastmath<none>}> : (f32, f32) -> f32
        "linalg.yield"(%18) : (f32) -> ()
      }) : (tensor<8x1024xf32>, tensor<8x1xf32>) -> tensor<8x1xf32>
      %19 = "linalg.generic"(%12, %17, %9) <{indexing_maps = [affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d0, 0)>, affine_map<(d0, d1) -> (d0, d1)>], iterator_types = [#linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>], operandSegmentSizes = array<i32: 2, 1>}> ({
      ^bb0(%arg1: f32, %arg2: f32, %arg3: f32):
        %20 = "arith.divf"(%arg1, %arg2) <{fastmath = #arith.fastmath<none>}> : (f32, f32) -> f32
        "linalg.yield"(%20) : (f32) -> ()
      }) : (tensor<8x1024xf32>, tensor<8x1xf32>, tensor<8x1024xf32>) -> tensor<8x1024xf32>
      "npu.yield"(%19) : (tensor<8x1024xf32>) -> ()
    }) : (tensor<8x1024xf32>) -> tensor<8x1024xf32>
    "func.return"(%1) : (tensor<8x1024xf32>) -> ()
  }) : () -> ()
}) : () -> ()
