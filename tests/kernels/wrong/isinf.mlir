"builtin.module"() ({
  "func.func"() <{sym_name = "main", function_type = (tensor<512xf32>) -> tensor<512xi1>}> ({
  ^bb0(%0: tensor<512xf32>):
    %1 = "npu.undecided"(%0) <{label = "elementwise_0"}> ({
    ^bb0(%2: tensor<512xf32>):
      %3 = "tensor.empty"() : () -> tensor<512xf32>
      %4 = "linalg.generic"(%2, %3) <{indexing_maps = [affine_map<(d0) -> (d0)>, affine_map<(d0) -> (d0)>], iterator_types = [#linalg.iterator_type<parallel>], operandSegmentSizes = array<i32: 1, 1>}> ({
      ^bb0(%arg3: f32, %arg4: f32):
        %5 = "math.absf"(%arg3) <{fastmath = #arith.fastmath<none>}> : (f32) -> f32
        "linalg.yield"(%5) : (f32) -> ()
      }) : (tensor<512xf32>, tensor<512xf32>) -> tensor<512xf32>
      %6 = "tensor.empty"() : () -> tensor<512xi1>
      %7 = "arith.constant"() <{value = 0x7ff0000000000000 : f64}> : () -> f64
      %8 = "linalg.generic"(%4, %6) <{indexing_maps = [affine_map<(d0) -> (d0)>, affine_map<(d0) -> (d0)>], iterator_types = [#linalg.iterator_type<parallel>], operandSegmentSizes = array<i32: 1, 1>}> ({
      ^bb0(%arg1: f32, %arg2: i1):
        %9 = "arith.extf"(%arg1) : (f32) -> f64
        %10 = "arith.cmpf"(%9, %7) <{fastmath = #arith.fastmath<none>, predicate = 1 : i64}> : (f64, f64) -> i1
        "linalg.yield"(%10) : (i1) -> ()
      }) : (tensor<512xf32>, tensor<512xi1>) -> tensor<512xi1>
      "npu.yield"(%8) : (tensor<512xi1>) -> ()
    }) : (tensor<512xf32>) -> tensor<512xi1>
    "func.return"(%1) : (tensor<512xi1>) -> ()
  }) : () -> ()
}) : () -> ()
