"builtin.module"() ({
  "func.func"() <{sym_name = "main", function_type = (tensor<8x256xf32>) -> tensor<8xi32>}> ({
  ^bb0(%0: tensor<8x256xf32>):
    %1 = "npu.undecided"(%0) <{label = "rows_0"}> ({
    ^bb0(%2: tensor<8x256xf32>):
      %3 = "arith.constant"() <{value = 0x7f800000 : f32}> : () -> f32
      %4 = "tensor.empty"() : () -> tensor<8xf32>
      %5 = "linalg.fill"(%3, %4) <{operandSegmentSizes = array<i32: 1, 1>}> ({
      ^bb0(%arg4: f32, %arg5: f32):
        "linalg.yield"(%arg4) : (f32) -> ()
      }) : (f32, tensor<8xf32>) -> tensor<8xf32>
      %6 = "arith.constant"() <{value = 0 : i32}> : () -> i32
      %7 = "tensor.empty"() : () -> tensor<8xi32>
      %8 = "linalg.fill"(%6, %7) <{operandSegmentSizes = array<i32: 1, 1>}> ({
      ^bb0(%arg6: i32, %arg7: i32):
        "linalg.yield"(%arg6) : (i32) -> ()
      }) : (i32, tensor<8xi32>) -> tensor<8xi32>
      %9, %10 = "linalg.generic"(%2, %5, %8) <{indexing_maps = [affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d0)>, affine_map<(d0, d1) -> (d0)>], iterator_types = [#linalg.iterator_type<parallel>, #linalg.iterator_type<reduction>], operandSegmentSizes = array<i32: 1, 2>}> ({
      ^bb0(%arg1: f32, %arg2: f32, %arg3: i32):
        %11 = "linalg.index"() <{dim = 1 : i64}> : () -> index
        %12 = "arith.index_cast"(%11) : (index) -> i32
        %13 = "arith.minimumf"(%arg1, %arg2) <{fastmath = #arith.fastmath<none>}> : (f32, f32) -> f32
        %14 = "arith.cmpf"(%arg1, %arg2) <{fastmath = #arith.fastmath<none>, predicate = 4 : i64}> : (f32, f32) -> i1
        %15 = "arith.select"(%14, %12, %arg3) : (i1, i32, i32) -> i32
        "linalg.yield"(%13, %15) : (f32, i32) -> ()
      }) : (tensor<8x256xf32>, tensor<8xf32>, tensor<8xi32>) -> (tensor<8xf32>, tensor<8xi32>)
      "npu.yield"(%10) : (tensor<8xi32>) -> ()
    }) : (tensor<8x256xf32>) -> tensor<8xi32>
    "func.return"(%1) : (tensor<8xi32>) -> ()
  }) : () -> ()
}) : () -> ()
