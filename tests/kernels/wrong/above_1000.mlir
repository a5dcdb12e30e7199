"builtin.module"() ({
  "func.func"() <{sym_name = "main", function_type = (tensor<512xf32>) -> tensor<512xf32>}> ({
  ^bb0(%0: tensor<512xf32>):
    %1 = "npu.undecided"(%0) <{label = "elementwise_0"}> ({
    ^bb0(%2: tensor<512xf32>):
      %3 = "tensor.empty"() : () -> tensor<512xi1>
      %4 = "arith.constant"() <{value = 1.000000e+03 : f64}> : () -> f64
      %5 = "linalg.generic"(%2, %3) <{indexing_maps = [affine_map<(d0) -> (d0)>, affine_map<(d0) -> (d0)>], iterator_types = [#linalg.iterator_type<parallel>], operandSegmentSizes = array<i32: 1, 1>}> ({
      ^bb0(%arg3: f32, %arg4: i1):
        %6 = "arith.extf"(%arg3) : (f32) -> f64
        %7 = "arith.cmpf"(%6, %4) <{fastmath = #arith.fastmath<none>, predicate = 2 : i64}> : (f64, f64) -> i1
        "linalg.yield"(%7) : (i1) -> ()
      }) : (tensor<512xf32>, tensor<512xi1>) -> tensor<512xi1>
      %8 = "tensor.empty"() : () -> tensor<512xf32>
      %9 = "linalg.generic"(%5, %8) <{indexing_maps = [affine_map<(d0) -> (d0)>, affine_map<(d0) -> (d0)>], iterator_types = [#linalg.iterator_type<parallel>], operandSegmentSizes = array<i32: 1, 1>}> ({
      ^bb0(%arg1: i1, %arg2: f32):
        %10 = "arith.uitofp"(%arg1) : (i1) -> f32
        "linalg.yield"(%10) : (f32) -> ()
      }) : (tensor<512xi1>, tensor<512xf32>) -> tensor<512xf32>
      "npu.yield"(%9) : (tensor<512xf32>) -> ()
    }) : (tensor<512xf32>) -> tensor<512xf32>
    "func.return"(%1) : (tensor<512xf32>) -> ()
  }) : () -> ()
}) : () -> ()
