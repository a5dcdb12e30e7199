"builtin.module"() ({
  "func.func"() <{sym_name = "main", function_type = (tensor<512xi32>, tensor<512xi32>) -> tensor<512xi32>}> ({
  ^bb0(%0: tensor<512xi32>, %1: tensor<512xi32>):
    %2 = "npu.undecided"(%0, %1) <{label = "elementwise_0"}> ({
    ^bb0(%3: tensor<512xi32>, %4: tensor<512xi32>):
      %5 = "tensor.empty"() : () -> tensor<512xi32>
      %6 = "linalg.generic"(%3, %4, %5) <{indexing_maps = [affine_map<(d0) -> (d0)>, affine_map<(d0) -> (d0)>, affine_map<(d0) -> (d0)>], iterator_types = [#linalg.iterator_type<parallel>], operandSegmentSizes = array<i32: 2, 1>}> ({
      ^bb0(%arg2: i32, %arg3: i32, %arg4: i32):
        %7 = "arith.muli"(%arg2, %arg3) <{overflowFlags = #arith.overflow<none>}> : (i32, i32) -> i32
        "linalg.yield"(%7) : (i32) -> ()
      }) : (tensor<512xi32>, tensor<512xi32>, tensor<512xi32>) -> tensor<512xi32>
      "npu.yield"(%6) : (tensor<512xi32>) -> ()
    }) : (tensor<512xi32>, tensor<512xi32>) -> tensor<512xi32>
    "func.return"(%2) : (tensor<512xi32>) -> ()
  }) : () -> ()
}) : () -> ()
