"builtin.module"() ({
  "func.func"() <{sym_name = "main", function_type = (tensor<512xi32>) -> tensor<512xi16>}> ({
  ^bb0(%0: tensor<512xi32>):
    %1 = "npu.undecided"(%0) <{label = "elementwise_0"}> ({
    ^bb0(%2: tensor<512xi32>):
      %3 = "tensor.empty"() : () -> tensor<512xi16>
      %4 = "linalg.generic"(%2, %3) <{indexing_maps = [affine_map<(d0) -> (d0)>, affine_map<(d0) -> (d0)>], iterator_types = [#linalg.iterator_type<parallel>], operandSegmentSizes = array<i32: 1, 1>}> ({
      ^bb0(%arg1: i32, %arg2: i16):
        %5 = "arith.trunci"(%arg1) : (i32) -> i16
        "linalg.yield"(%5) : (i16) -> ()
      }) : (tensor<512xi32>, tensor<512xi16>) -> tensor<512xi16>
      "npu.yield"(%4) : (tensor<512xi16>) -> ()
    }) : (tensor<512xi32>) -> tensor<512xi16>
    "func.return"(%1) : (tensor<512xi16>) -> ()
  }) : () -> ()
}) : () -> ()
