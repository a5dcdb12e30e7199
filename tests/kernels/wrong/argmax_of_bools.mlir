"builtin.module"() ({
  "func.func"() <{sym_name = "main", function_type = (tensor<8x1024xi1>) -> tensor<8xi32>}> ({
  ^bb0(%0: tensor<8x1024xi1>):
    %1 = "npu.undecided"(%0) <{label = "rows_0"}> ({
    ^bb0(%2: tensor<8x1024xi1>):
      %3 = "tensor.empty"() : () -> tensor<8x1024xi32>
      %4 = "linalg.generic"(%2, %3) <{indexing_maps = [affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d0, d1)>], iterator_types = [#linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>], operandSegmentSizes = array<i32: 1, 1>}> ({
      ^bb0(%arg8: i1, %arg9: i32):
        %5 = "arith.extui"(%arg8) : (i1) -> i32
        "linalg.yield"(%5) : (i32) -> ()
      }) : (tensor<8x1024xi1>, tensor<8x1024xi32>) -> tensor<8x1024xi32>
      %6 = "arith.constant"() <{value = -2147483648 : i32}> : () -> i32
      %7 = "tensor.empty"() : () -> tensor<8xi32>
      %8 = "linalg.fill"(%6, %7) <{operandSegmentSizes = array<i32: 1, 1>}> ({
      ^bb0(%arg4: i32, %arg5: i32):
        "linalg.yield"(%arg4) : (i32) -> ()
      }) : (i32, tensor<8xi32>) -> tensor<8xi32>
      %9 = "arith.constant"() <{value = 0 : i32}> : () -> i32
      %10 = "tensor.empty"() : () -> tensor<8xi32>
      %11 = "linalg.fill"(%9, %10) <{operandSegmentSizes = array<i32: 1, 1>}> ({
      ^bb0(%arg6: i32, %arg7: i32):
        "linalg.yield"(%arg6) : (i32) -> ()
      }) : (i32, tensor<8xi32>) -> tensor<8xi32>
      %12, %13 = "linalg.generic"(%4, %8, %11) <{indexing_maps = [affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d0)>, affine_map<(d0, d1) -> (d0)>], iterator_types = [#linalg.iterator_type<parallel>, #linalg.iterator_type<reduction>], operandSegmentSizes = array<i32: 1, 2>}> ({
      ^bb0(%arg1: i32, %arg2: i32, %arg3: i32):
        %14 = "linalg.index"() <{dim = 1 : i64}> : () -> index
        %15 = "arith.index_cast"(%14) : (index) -> i32
        %16 = "arith.maxsi"(%arg1, %arg2) : (i32, i32) -> i32
        %17 = "arith.cmpi"(%arg1, %arg2) <{predicate = 4 : i64}> : (i32, i32) -> i1
        %18 = "arith.select"(%17, %15, %arg3) : (i1, i32, i32) -> i32
        "linalg.yield"(%16, %18) : (i32, i32) -> ()
      }) : (tensor<8x1024xi32>, tensor<8xi32>, tensor<8xi32>) -> (tensor<8xi32>, tensor<8xi32>)
      "npu.yield"(%13) : (tensor<8xi32>) -> ()
    }) : (tensor<8x1024xi1>) -> tensor<8xi32>
    "func.return"(%1) : (tensor<8xi32>) -> ()
  }) : () -> ()
}) : () -> ()
