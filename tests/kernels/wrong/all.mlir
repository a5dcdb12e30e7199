"builtin.module"() ({
  "func.func"() <{sym_name = "main", function_type = (tensor<8x64xi1>) -> tensor<8x1xi1>}> ({
  ^bb0(%0: tensor<8x64xi1>):
    %1 = "npu.undecided"(%0) <{label = "rows_0"}> ({
    ^bb0(%2: tensor<8x64xi1>):
      %3 = "arith.constant"() <{value = true}> : () -> i1
      %4 = "tensor.empty"() : () -> tensor<8x1xi1>
      %5 = "linalg.fill"(%3, %4) <{operandSegmentSizes = array<i32: 1, 1>}> ({
      ^bb0(%arg3: i1, %arg4: i1):
        "linalg.yield"(%arg3) : (i1) -> ()
      }) : (i1, tensor<8x1xi1>) -> tensor<8x1xi1>
      %6 = "linalg.generic"(%2, %5) <{indexing_maps = [affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d0, 0)>], iterator_types = [#linalg.iterator_type<parallel>, #linalg.iterator_type<reduction>], operandSegmentSizes = array<i32: 1, 1>}> ({
      ^bb0(%arg1: i1, %arg2: i1):
        %7 = "arith.andi"(%arg1, %arg2) : (i1, i1) -> i1
        "linalg.yield"(%7) : (i1) -> ()
      }) : (tensor<8x64xi1>, tensor<8x1xi1>) -> tensor<8x1xi1>
      "npu.yield"(%6) : (tensor<8x1xi1>) -> ()
    }) : (tensor<8x64xi1>) -> tensor<8x1xi1>
    "func.return"(%1) : (tensor<8x1xi1>) -> ()
  }) : () -> ()
}) : () -> ()
