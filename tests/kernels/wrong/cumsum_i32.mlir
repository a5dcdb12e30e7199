"builtin.module"() ({
  "func.func"() <{sym_name = "main", function_type = (tensor<8x64xi32>) -> tensor<8x64xi32>}> ({
  ^bb0(%0: tensor<8x64xi32>):
    %1 = "npu.undecided"(%0) <{label = "rows_0"}> ({
    ^bb0(%2: tensor<8x64xi32>):
      %3 = "arith.constant"() <{value = 0 : i32}> : () -> i32
      %4 = "tensor.empty"() : () -> tensor<8x64xi32>
      %5 = "linalg.fill"(%3, %4) <{operandSegmentSizes = array<i32: 1, 1>}> ({
      ^bb0(%arg5: i32, %arg6: i32):
        "linalg.yield"(%arg5) : (i32) -> ()
      }) : (i32, tensor<8x64xi32>) -> tensor<8x64xi32>
      %6 = "tensor.empty"() : () -> tensor<8xi32>
      %7 = "linalg.fill"(%3, %6) <{operandSegmentSizes = array<i32: 1, 1>}> ({
      ^bb0(%arg3: i32, %arg4: i32):
        "linalg.yield"(%arg3) : (i32) -> ()
      }) : (i32, tensor<8xi32>) -> tensor<8xi32>
      %8, %9 = "tm_tensor.scan"(%2, %5, %7) <{dimension = 1 : i64, inclusive = true, operandSegmentSizes = array<i32: 1, 2>}> ({
      ^bb0(%arg1: i32, %arg2: i32):
        %10 = "arith.addi"(%arg1, %arg2) <{overflowFlags = #arith.overflow<none>}> : (i32, i32) -> i32
        "tm_tensor.yield"(%10) : (i32) -> ()
      }) : (tensor<8x64xi32>, tensor<8x64xi32>, tensor<8xi32>) -> (tensor<8x64xi32>, tensor<8xi32>)
      "npu.yield"(%8) : (tensor<8x64xi32>) -> ()
    }) : (tensor<8x64xi32>) -> tensor<8x64xi32>
    "func.return"(%1) : (tensor<8x64xi32>) -> ()
  }) : () -> ()
}) : () -> ()
