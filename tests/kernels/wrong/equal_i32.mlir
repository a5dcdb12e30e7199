"builtin.module"() ({
  "func.func"() <{sym_name = "main", function_type = (tensor<512xi32>, tensor<512xi32>) -> tensor<512xi1>}> ({
  ^bb0(%0: tensor<512xi32>, %1: tensor<512xi32>):
    %2 = "npu.undecided"(%0, %1) <{label = "elementwise_0"}> ({
    ^bb0(%3: tensor<512xi32>, %4: tensor<512xi32>):
      %5 = "tensor.empty"() : () -> tensor<512xi1>
      %6 = "linalg.generic"(%3, %4, %5) <{indexing_maps = [affine_map<(d0) -> (d0)>, affine_map<(d0) -> (d0)>, affine_map<(d0) -> (d0)>], iterator_types = [#linalg.iterator_type<parallel>], operandSegmentSizes = array<i32: 2, 1>}> ({
      ^bb0(%arg2: i32, %arg3: i32, %arg4: i1):
        %7 = "arith.cmpi"(%arg2, %arg3) <{predicate = 0 : i64}> : (i32, i32) -> i1
        "linalg.yield"(%7) : (i1) -> ()
      }) : (tensor<512xi32>, tensor<512xi32>, tensor<512xi1>) -> tensor<512xi1>
      "npu.yield"(%6) : (tensor<512xi1>) -> ()
    }) : (tensor<512xi32>, tensor<512xi32>) -> tensor<512xi1>
    "func.return"(%2) : (tensor<512xi1>) -> ()
  }) : () -> ()
}) : () -> ()
