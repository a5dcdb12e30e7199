"builtin.module"() ({
  "func.func"() <{sym_name = "main", function_type = (tensor<512xf32>) -> tensor<512xf32>}> ({
  ^bb0(%0: tensor<512xf32>):
    %1 = "npu.undecided"(%0) <{label = "elementwise_0"}> ({
    ^bb0(%2: tensor<512xf32>):
      %3 = "tensor.empty"() : () -> tensor<512xf32>
      %4 = "arith.constant"() <{value = -2.000000e+02 : f32}> : () -> f32
      %5 = "arith.constant"() <{value = 2.000000e+02 : f32}> : () -> f32
      %6 = "linalg.generic"(%2, %3) <{indexing_maps = [affine_map<(d0) -> (d0)>, affine_map<(d0) -> (d0)>], iterator_types = [#linalg.iterator_type<parallel>], operandSegmentSizes = array<i32: 1, 1>}> ({
      ^bb0(%arg1: f32, %arg2: f32):
        %7 = "arith.cmpf"(%arg1, %4) <{fastmath = #arith.fastmath<none>, predicate = 11 : i64}> : (f32, f32) -> i1
        %8 = "arith.select"(%7, %4, %arg1) : (i1, f32, f32) -> f32
        %9 = "arith.cmpf"(%8, %5) <{fastmath = #arith.fastmath<none>, predicate = 9 : i64}> : (f32, f32) -> i1
        %10 = "arith.select"(%9, %5, %8) : (i1, f32, f32) -> f32
        "linalg.yield"(%10) : (f32) -> ()
      }) : (tensor<512xf32>, tensor<512xf32>) -> tensor<512xf32>
      "npu.yield"(%6) : (tensor<512xf32>) -> ()
    }) : (tensor<512xf32>) -> tensor<512xf32>
    "func.return"(%1) : (tensor<512xf32>) -> ()
  }) : () -> ()
}) : () -> ()
