"builtin.module"() ({
  "func.func"() <{sym_name = "main", function_type = (tensor<512xi16>, tensor<512xi16>) -> tensor<512xi16>}> ({
  ^bb0(%0: tensor<512xi16>, %1: tensor<512xi16>):
    %2 = "npu.undecided"(%0, %1) <{label = "elementwise_0"}> ({
    ^bb0(%3: tensor<512xi16>, %4: tensor<512xi16>):
      %5 = "tensor.empty"() : () -> tensor<512xi16>
      %6 = "linalg.generic"(%3, %4, %5) <{indexing_maps = [affine_map<(d0) -> (d0)>, affine_map<(d0) -> (d0)>, affine_map<(d0) -> (d0)>], iterator_types = [#linalg.iterator_type<parallel>], operandSegmentSizes = array<i32: 2, 1>}> ({
      ^bb0(%arg2: i16, %arg3: i16, %arg4: i16):
        %7 = "arith.addi"(%arg2, %arg3) <{overflowFlags = #arith.overflow<none>}> : (i16, i16) -> i16
        "linalg.yield"(%7) : (i16) -> ()
      }) : (tensor<512xi16>, tensor<512xi16>, tensor<512xi16>) -> tensor<512xi16>
      "npu.yield"(%6) : (tensor<512xi16>) -> ()
    }) : (tensor<512xi16>, tensor<512xi16>) -> tensor<512xi16>
    "func.return"(%2) : (tensor<512xi16>) -> ()
  }) : () -> ()
}) : () -> ()
