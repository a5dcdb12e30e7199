"builtin.module"() ({
  "func.func"() <{sym_name = "main", function_type = (tensor<8x1024xi32>) -> tensor<8x1xi32>}> ({
  ^bb0(%0: tensor<8x1024xi32>):
    %1 = "npu.undecided"(%0) <{label = "rows_0"}> ({
    ^bb0(%2: tensor<8x1024xi32>):
      %3 = "arith.constant"() <{value = 0 : i32}> : () -> i32
      %4 = "tensor.empty"() : () -> tensor<8x1xi32>
      %5 = "linalg.fill"(%3, %4) <{operandSegmentSizes = array<i32: 1, 1>}> ({
      ^bb0(%arg3: i32, %arg4: i32):
        "linalg.yield"(%arg3) : (i32) -> ()
      }) : (i32, tensor<8x1xi32>) -> tensor<8x1xi32>
      %6 = "linalg.generic"(%2, %5) <{indexing_maps = [affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d0, 0)>], iterator_types = [#linalg.iterator_type<parallel>, #linalg.iterator_type<reduction>], operandSegmentSizes = array<i32: 1, 1>}> ({
      ^bb0(%arg1: i32, %arg2: i32):
        %7 = "arith.addi"(%arg1, %arg2) <{overflowFlags = #arith.overflow<none>}> : (i32, i32) -> i32
        "linalg.yield"(%7) : (i32) -> ()
      }) : (tensor<8x1024xi32>, tensor<8x1xi32>) -> tensor<8x1xi32>
      "npu.yield"(%6) : (tensor<8x1xi32>) -> ()
    }) : (tensor<8x1024xi32>) -> tensor<8x1xi32>
    "func.return"(%1) : (tensor<8x1xi32>) -> ()
  }) : () -> ()
}) : () -> ()
