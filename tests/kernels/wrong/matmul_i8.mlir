"builtin.module"() ({
  "func.func"() <{sym_name = "main", function_type = (tensor<16x256xi8>, tensor<256x16xi8>) -> tensor<16x16xi32>}> ({
  ^bb0(%0: tensor<16x256xi8>, %1: tensor<256x16xi8>):
    %2 = "npu.undecided"(%0, %1) <{label = "matmul_0"}> ({
    ^bb0(%3: tensor<16x256xi8>, %4: tensor<256x16xi8>):
      %5 = "tensor.empty"() : () -> tensor<16x256xi32>
      %6 = "linalg.generic"(%3, %5) <{indexing_maps = [affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d0, d1)>], iterator_types = [#linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>], operandSegmentSizes = array<i32: 1, 1>}> ({
      ^bb0(%arg11: i8, %arg12: i32):
        %7 = "arith.extsi"(%arg11) : (i8) -> i32
        "linalg.yield"(%7) : (i32) -> ()
      }) : (tensor<16x256xi8>, tensor<16x256xi32>) -> tensor<16x256xi32>
      %8 = "tensor.empty"() : () -> tensor<256x16xi32>
      %9 = "linalg.generic"(%4, %8) <{indexing_maps = [affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d0, d1)>], iterator_types = [#linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>], operandSegmentSizes = array<i32: 1, 1>}> ({
      ^bb0(%arg9: i8, %arg10: i32):
        %10 = "arith.extsi"(%arg9) : (i8) -> i32
        "linalg.yield"(%10) : (i32) -> ()
      }) : (tensor<256x16xi8>, tensor<256x16xi32>) -> tensor<256x16xi32>
      %11 = "arith.constant"() <{value = 0 : i32}> : () -> i32
      %12 = "tensor.empty"() : () -> tensor<16x16xi32>
      %13 = "linalg.fill"(%11, %12) <{operandSegmentSizes = array<i32: 1, 1>}> ({
      ^bb0(%arg7: i32, %arg8: i32):
        "linalg.yield"(%arg7) : (i32) -> ()
      }) : (i32, tensor<16x16xi32>) -> tensor<16x16xi32>
      %14 = "linalg.matmul"(%6, %9, %13) <{indexing_maps = [affine_map<(d0, d1, d2) -> (d0, d2)>, affine_map<(d0, d1, d2) -> (d2, d1)>, affine_map<(d0, d1, d2) -> (d0, d1)>], operandSegmentSizes = array<i32: 2, 1>}> ({
      ^bb0(%arg4: i32, %arg5: i32, %arg6: i32):
        %15 = "arith.muli"(%arg4, %arg5) <{overflowFlags = #arith.overflow<none>}> : (i32, i32) -> i32
        %16 = "arith.addi"(%arg6, %15) <{overflowFlags = #arith.overflow<none>}> : (i32, i32) -> i32
        "linalg.yield"(%16) : (i32) -> ()
      }) : (tensor<16x256xi32>, tensor<256x16xi32>, tensor<16x16xi32>) -> tensor<16x16xi32>
      "npu.yield"(%14) : (tensor<16x16xi32>) -> ()
    }) : (tensor<16x256xi8>, tensor<256x16xi8>) -> tensor<16x16xi32>
    "func.return"(%2) : (tensor<16x16xi32>) -> ()
  }) : () -> ()
}) : () -> ()
