"builtin.module"() ({
  "func.func"() <{sym_name = "main", function_type = (tensor<8x1024xf16>) -> tensor<8x1xf16>}> ({
  ^bb0(%0: tensor<8x1024xf16>):
    %1 = "npu.undecided"(%0) <{label = "rows_0"}> ({
    ^bb0(%2: tensor<8x1024xf16>):
      %3 = "tensor.empty"() : () -> tensor<8x1024xf32>
      %4 = "linalg.generic"(%2, %3) <{indexing_maps = [affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d0, d1)>], iterator_types = [#linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>], operandSegmentSizes = array<i32: 1, 1>}> ({
      ^bb0(%arg9: f16, %arg10: f32):
        %5 = "arith.extf"(%arg9) : (f16) -> f32
        "linalg.yield"(%5) : (f32) -> ()
      }) : (tensor<8x1024xf16>, tensor<8x1024xf32>) -> tensor<8x1024xf32>
      %6 = "arith.constant"() <{value = 0.000000e+00 : f32}> : () -> f32
      %7 = "tensor.empty"() : () -> tensor<8x1xf32>
      %8 = "linalg.fill"(%6, %7) <{operandSegmentSizes = array<i32: 1, 1>}> ({
      ^bb0(%arg7: f32, %arg8: f32):
        "linalg.yield"(%arg7) : (f32) -> ()
      }) : (f32, tensor<8x1xf32>) -> tensor<8x1xf32>
      %9 = "linalg.generic"(%4, %8) <{indexing_maps = [affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d0, 0)>], iterator_types = [#linalg.iterator_type<parallel>, #linalg.iterator_type<reduction>], operandSegmentSizes = array<i32: 1, 1>}> ({
      ^bb0(%arg5: f32, %arg6: f32):
        %10 = "arith.addf"(%arg5, %arg6) <{fastmath = #arith.fastmath<none>}> : (f32, f32) -> f32
        "linalg.yield"(%10) : (f32) -> ()
      }) : (tensor<8x1024xf32>, tensor<8x1xf32>) -> tensor<8x1xf32>
      %11 = "arith.constant"() <{value = 1.024000e+03 : f32}> : () -> f32
      %12 = "linalg.generic"(%9, %7) <{indexing_maps = [affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d0, d1)>], iterator_types = [#linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>], operandSegmentSizes = array<i32: 1, 1>}> ({
      ^bb0(%arg3: f32, %arg4: f32):
        %13 = "arith.divf"(%arg3, %11) <{fastmath = #arith.fastmath<none>}> : (f32, f32) -> f32
        "linalg.yield"(%13) : (f32) -> ()
      }) : (tensor<8x1xf32>, tensor<8x1xf32>) -> tensor<8x1xf32>
      %14 = "tensor.empty"() : () -> tensor<8x1xf16>
      %15 = "linalg.generic"(%12, %14) <{indexing_maps = [affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d0, d1)>], iterator_types = [#linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>], operandSegmentSizes = array<i32: 1, 1>}> ({
      ^bb0(%arg1: f32, %arg2: f16):
        %16 = "arith.truncf"(%arg1) : (f32) -> f16
        "linalg.yield"(%16) : (f16) -> ()
      }) : (tensor<8x1xf32>, tensor<8x1xf16>) -> tensor<8x1xf16>
      "npu.yield"(%15) : (tensor<8x1xf16>) -> ()
    }) : (tensor<8x1024xf16>) -> tensor<8x1xf16>
    "func.return"(%1) : (tensor<8x1xf16>) -> ()
  }) : () -> ()
}) : () -> ()
