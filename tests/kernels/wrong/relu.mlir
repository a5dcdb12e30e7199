"builtin.module"() ({
  "func.func"() <{sym_name = "main", function_type = (tensor<512xf32>) -> tensor<512xf32>}> ({
  ^bb0(%0: tensor<512xf32>):
    %1 = "npu.undecided"(%0) <{label = "elementwise_0"}> ({
    ^bb0(%2: tensor<512xf32>):
      %3 = "tensor.empty"() : () -> tensor<512xf32>
      %4 = "arith.constant"() <{value = 0.000000e+00 : f32}> : () -> f32
      %5 = "linalg.generic"(%2, %3) <{indexing_maps = [affine_map<(d0) -> (d0)>, affine_map<(d0) -> (d0)>], iterator_types = [#linalg.iterator_type<parallel>], operandSegmentSizes = array<i32: 1, 1>}> ({
      ^bb0(%arg1: f32, %arg2: f32):
        %6 = "arith.maximumf"(%arg1, %4) <{fastmath = #arith.fastmath<none>}> : (f32, f32) -> f32
        "linalg.yield"(%6) : (f32) -> ()
      }) : (tensor<512xf32>, tensor<512xf32>) -> tensor<512xf32>
      "npu.yield"(%5) : (tensor<512xf32>) -> ()
    }) : (tensor<512xf32>) -> tensor<512xf32>
    "func.return"(%1) : (tensor<512xf32>) -> ()
  }) : () -> ()
}) : () -> ()
