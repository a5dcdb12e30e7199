"builtin.module"() ({
  "func.func"() <{sym_name = "main", function_type = (tensor<512xf32>, tensor<512xf32>) -> tensor<512xf32>}> ({
  ^bb0(%0: tensor<512xf32>, %1: tensor<512xf32>):
    %2 = "npu.undecided"(%0, %1) <{label = "elementwise_0"}> ({
    ^bb0(%3: tensor<512xf32>, %4: tensor<512xf32>):
      %5 = "tensor.empty"() : () -> tensor<512xf32>
      %6 = "linalg.generic"(%3, %4, %5) <{indexing_maps = [affine_map<(d0) -> (d0)>, affine_map<(d0) -> (d0)>, affine_map<(d0) -> (d0)>], iterator_types = [#linalg.iterator_type<parallel>], operandSegmentSizes = array<i32: 2, 1>}> ({
      ^bb0(%arg2: f32, %arg3: f32, %arg4: f32):
        %7 = "arith.cmpf"(%arg2, %arg3) <{fastmath = #arith.fastmath<none>, predicate = 2 : i64}> : (f32, f32) -> i1
        %8 = "arith.select"(%7, %arg2, %arg3) : (i1, f32, f32) -> f32
        "linalg.yield"(%8) : (f32) -> ()
      }) : (tensor<512xf32>, tensor<512xf32>, tensor<512xf32>) -> tensor<512xf32>
      "npu.yield"(%6) : (tensor<512xf32>) -> ()
    }) : (tensor<512xf32>, tensor<512xf32>) -> tensor<512xf32>
    "func.return"(%2) : (tensor<512xf32>) -> ()
  }) : () -> ()
}) : () -> ()
