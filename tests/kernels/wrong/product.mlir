"builtin.module"() ({
  "func.func"() <{sym_name = "main", function_type = (tensor<8x1024xf32>) -> tensor<8x1xf32>}> ({
  ^bb0(%0: tensor<8x1024xf32>):
    %1 = "npu.undecided"(%0) <{label = "rows_0"}> ({
    ^bb0(%2: tensor<8x1024xf32>):
      %3 = "arith.constant"() <{value = 1.000000e+00 : f32}> : () -> f32
      %4 = "tensor.empty"() : () -> tensor<8x1xf32>
      %5 = "linalg.fill"(%3, %4) <{operandSegmentSizes = array<i32: 1, 1>}> ({
      ^bb0(%arg3: f32, %arg4: f32):
        "linalg.yield"(%arg3) : (f32) -> ()
      }) : (f32, tensor<8x1xf32>) -> tensor<8x1xf32>
      %6 = "linalg.generic"(%2, %5) <{indexing_maps = [affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d0, 0)>], iterator_types = [#linalg.iterator_type<parallel>, #linalg.iterator_type<reduction>], operandSegmentSizes = array<i32: 1, 1>}> ({
      ^bb0(%arg1: f32, %arg2: f32):
        %7 = "arith.mulf"(%arg1, %arg2) <{fastmath = #arith.fastmath<none>}> : (f32, f32) -> f32
        "linalg.yield"(%7) : (f32) -> ()
      }) : (tensor<8x1024xf32>, tensor<8x1xf32>) -> tensor<8x1xf32>
      "npu.yield"(%6) : (tensor<8x1xf32>) -> ()
    }) : (tensor<8x1024xf32>) -> tensor<8x1xf32>
    "func.return"(%1) : (tensor<8x1xf32>) -> ()
  }) : () -> ()
}) : () -> ()
