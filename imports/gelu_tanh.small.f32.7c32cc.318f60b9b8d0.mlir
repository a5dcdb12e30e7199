"builtin.module"() ({
  "func.func"() <{function_type = (tensor<8x64xf32>) -> tensor<8x64xf32>, sym_name = "main"}> ({
  ^bb0(%arg0: tensor<8x64xf32>):
    %0 = "arith.constant"() <{value = 3 : i64}> : () -> i64
    %1 = "arith.constant"() <{value = 4.471500e-02 : f32}> : () -> f32
    %2 = "arith.constant"() <{value = 7.977240e-01 : f32}> : () -> f32
    %3 = "arith.constant"() <{value = 1.000000e+00 : f32}> : () -> f32
    %4 = "arith.constant"() <{value = 5.000000e-01 : f32}> : () -> f32
    %5 = "tensor.empty"() : () -> tensor<8x64xf32>
    %6 = "linalg.generic"(%arg0, %5) <{indexing_maps = [affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d0, d1)>], iterator_types = [#linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>], operandSegmentSizes = array<i32: 1, 1>}> ({
    ^bb0(%arg1: f32, %arg2: f32):
      %7 = "math.fpowi"(%arg1, %0) <{fastmath = #arith.fastmath<none>}> : (f32, i64) -> f32
      %8 = "arith.mulf"(%7, %1) <{fastmath = #arith.fastmath<none>}> : (f32, f32) -> f32
      %9 = "arith.addf"(%arg1, %8) <{fastmath = #arith.fastmath<none>}> : (f32, f32) -> f32
      %10 = "arith.mulf"(%9, %2) <{fastmath = #arith.fastmath<none>}> : (f32, f32) -> f32
      %11 = "math.tanh"(%10) <{fastmath = #arith.fastmath<none>}> : (f32) -> f32
      %12 = "arith.addf"(%11, %3) <{fastmath = #arith.fastmath<none>}> : (f32, f32) -> f32
      %13 = "arith.mulf"(%12, %4) <{fastmath = #arith.fastmath<none>}> : (f32, f32) -> f32
      %14 = "arith.mulf"(%arg1, %13) <{fastmath = #arith.fastmath<none>}> : (f32, f32) -> f32
      "linalg.yield"(%14) : (f32) -> ()
    }) : (tensor<8x64xf32>, tensor<8x64xf32>) -> tensor<8x64xf32>
    "func.return"(%6) : (tensor<8x64xf32>) -> ()
  }) : () -> ()
}) : () -> ()
