"builtin.module"() ({
  "func.func"() <{sym_name = "main", function_type = (tensor<512xf32>) -> tensor<512xf32>}> ({
  ^bb0(%0: tensor<512xf32>):
    %1 = "npu.undecided"(%0) <{label = "elementwise_0"}> ({
    ^bb0(%2: tensor<512xf32>):
      %3 = "tensor.empty"() : () -> tensor<512xi1>
      %4 = "linalg.generic"(%2, %2, %3) <{indexing_maps = [affine_map<(d0) -> (d0)>, affine_map<(d0) -> (d0)>, affine_map<(d0) -> (d0)>], iterator_types = [#linalg.iterator_type<parallel>], operandSegmentSizes = array<i32: 2, 1>}> ({
      ^bb0(%arg5: f32, %arg6: f32, %arg7: i1):
        %5 = "arith.cmpf"(%arg5, %arg6) <{fastmath = #arith.fastmath<none>, predicate = 13 : i64}> : (f32, f32) -> i1
        "linalg.yield"(%5) : (i1) -> ()
      }) : (tensor<512xf32>, tensor<512xf32>, tensor<512xi1>) -> tensor<512xi1>
      %6 = "tensor.empty"() : () -> tensor<512xf32>
      %7 = "linalg.generic"(%4, %2, %6) <{indexing_maps = [affine_map<(d0) -> (d0)>, affine_map<(d0) -> (d0)>, affine_map<(d0) -> (d0)>], iterator_types = [#linalg.iterator_type<parallel>], operandSegmentSizes = array<i32: 2, 1>}> ({
      ^bb0(%arg1: i1, %arg3: f32, %arg4: f32):
        %arg2 = "arith.constant"() <{value = 0.000000e+00 : f32}> : () -> f32
        %8 = "arith.select"(%arg1, %arg2, %arg3) : (i1, f32, f32) -> f32
        "linalg.yield"(%8) : (f32) -> ()
      }) : (tensor<512xi1>, tensor<512xf32>, tensor<512xf32>) -> tensor<512xf32>
      "npu.yield"(%7) : (tensor<512xf32>) -> ()
    }) : (tensor<512xf32>) -> tensor<512xf32>
    "func.return"(%1) : (tensor<512xf32>) -> ()
  }) : () -> ()
}) : () -> ()
