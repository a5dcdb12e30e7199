"builtin.module"() ({
  "func.func"() <{function_type = (tensor<37x61xf32>, tensor<53x61xf32>, tensor<53xf32>) -> tensor<37x53xf32>, sym_name = "main"}> ({
  ^bb0(%arg0: tensor<37x61xf32>, %arg1: tensor<53x61xf32>, %arg2: tensor<53xf32>):
    %0 = "arith.constant"() <{value = 0.000000e+00 : f32}> : () -> f32
    %1 = "tensor.empty"() : () -> tensor<61x53xf32>
    %2 = "linalg.transpose"(%arg1, %1) <{permutation = array<i64: 1, 0>}> ({
    ^bb0(%arg11: f32, %arg12: f32):
      "linalg.yield"(%arg11) : (f32) -> ()
    }) : (tensor<53x61xf32>, tensor<61x53xf32>) -> tensor<61x53xf32>
    %3 = "tensor.empty"() : () -> tensor<37x53xf32>
    %4 = "linalg.fill"(%0, %3) <{operandSegmentSizes = array<i32: 1, 1>}> ({
    ^bb0(%arg9: f32, %arg10: f32):
      "linalg.yield"(%arg9) : (f32) -> ()
    }) : (f32, tensor<37x53xf32>) -> tensor<37x53xf32>
    %5 = "linalg.matmul"(%arg0, %2, %4) <{indexing_maps = [affine_map<(d0, d1, d2) -> (d0, d2)>, affine_map<(d0, d1, d2) -> (d2, d1)>, affine_map<(d0, d1, d2) -> (d0, d1)>], operandSegmentSizes = array<i32: 2, 1>}> ({
    ^bb0(%arg6: f32, %arg7: f32, %arg8: f32):
      %6 = "arith.mulf"(%arg6, %arg7) <{fastmath = #arith.fastmath<none>}> : (f32, f32) -> f32
      %7 = "arith.addf"(%arg8, %6) <{fastmath = #arith.fastmath<none>}> : (f32, f32) -> f32
      "linalg.yield"(%7) : (f32) -> ()
    }) : (tensor<37x61xf32>, tensor<61x53xf32>, tensor<37x53xf32>) -> tensor<37x53xf32>
    %8 = "linalg.generic"(%5, %arg2, %3) <{indexing_maps = [affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d1)>, affine_map<(d0, d1) -> (d0, d1)>], iterator_types = [#linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>], operandSegmentSizes = array<i32: 2, 1>}> ({
    ^bb0(%arg3: f32, %arg4: f32, %arg5: f32):
      %9 = "arith.addf"(%arg3, %arg4) <{fastmath = #arith.fastmath<none>}> : (f32, f32) -> f32
      "linalg.yield"(%9) : (f32) -> ()
    }) : (tensor<37x53xf32>, tensor<53xf32>, tensor<37x53xf32>) -> tensor<37x53xf32>
    "func.return"(%8) : (tensor<37x53xf32>) -> ()
  }) : () -> ()
}) : () -> ()
