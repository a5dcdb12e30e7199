"builtin.module"() ({
  "func.func"() <{sym_name = "main", function_type = (tensor<8x300xi8>) -> tensor<8xi8>}> ({
  ^bb0(%0: tensor<8x300xi8>):
    %1 = "npu.undecided"(%0) <{label = "rows_0"}> ({
    ^bb0(%2: tensor<8x300xi8>):
      %3 = "arith.constant"() <{value = 127 : i8}> : () -> i8
      %4 = "tensor.empty"() : () -> tensor<8xi8>
      %5 = "linalg.fill"(%3, %4) <{operandSegmentSizes = array<i32: 1, 1>}> ({
      ^bb0(%arg4: i8, %arg5: i8):
        "linalg.yield"(%arg4) : (i8) -> ()
      }) : (i8, tensor<8xi8>) -> tensor<8xi8>
      %6 = "linalg.generic"(%2, %5) <{indexing_maps = [affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d0)>], iterator_types = [#linalg.iterator_type<parallel>, #linalg.iterator_type<reduction>], operandSegmentSizes = array<i32: 1, 1>}> ({
      ^bb0(%arg1: i8, %arg2: i8):
        %7 = "arith.minsi"(%arg1, %arg2) : (i8, i8) -> i8
        "linalg.yield"(%7) : (i8) -> ()
      }) : (tensor<8x300xi8>, tensor<8xi8>) -> tensor<8xi8>
      "npu.yield"(%6) : (tensor<8xi8>) -> ()
    }) : (tensor<8x300xi8>) -> tensor<8xi8>
    "func.return"(%1) : (tensor<8xi8>) -> ()
  }) : () -> ()
}) : () -> ()
