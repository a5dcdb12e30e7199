"builtin.module"() ({
  "func.func"() <{function_type = (tensor<2x16x32xf16>, tensor<2x32x16xf16>) -> tensor<2x16x16xf16>, sym_name = "main"}> ({
  ^bb0(%arg0: tensor<2x16x32xf16>, %arg1: tensor<2x32x16xf16>):
    %0 = "arith.constant"() <{value = 0.000000e+00 : f32}> : () -> f32
    %1 = "tensor.empty"() : () -> tensor<2x16x16xf32>
    %2 = "linalg.fill"(%0, %1) <{operandSegmentSizes = array<i32: 1, 1>}> ({
    ^bb0(%arg7: f32, %arg8: f32):
      "linalg.yield"(%arg7) : (f32) -> ()
    }) : (f32, tensor<2x16x16xf32>) -> tensor<2x16x16xf32>
    %3 = "linalg.generic"(%arg0, %arg1, %2) <{indexing_maps = [affine_map<(d0, d1, d2, d3) -> (d0, d1, d3)>, affine_map<(d0, d1, d2, d3) -> (d0, d3, d2)>, affine_map<(d0, d1, d2, d3) -> (d0, d1, d2)>], iterator_types = [#linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>, #linalg.iterator_type<reduction>], operandSegmentSizes = array<i32: 2, 1>}> ({
    ^bb0(%arg4: f16, %arg5: f16, %arg6: f32):
      %4 = "arith.extf"(%arg4) : (f16) -> f32
      %5 = "arith.extf"(%arg5) : (f16) -> f32
      %6 = "arith.mulf"(%4, %5) <{fastmath = #arith.fastmath<none>}> : (f32, f32) -> f32
      %7 = "arith.addf"(%arg6, %6) <{fastmath = #arith.fastmath<none>}> : (f32, f32) -> f32
      "linalg.yield"(%7) : (f32) -> ()
    }) : (tensor<2x16x32xf16>, tensor<2x32x16xf16>, tensor<2x16x16xf32>) -> tensor<2x16x16xf32>
    %8 = "tensor.empty"() : () -> tensor<2x16x16xf16>
    %9 = "linalg.generic"(%3, %8) <{indexing_maps = [affine_map<(d0, d1, d2) -> (d0, d1, d2)>, affine_map<(d0, d1, d2) -> (d0, d1, d2)>], iterator_types = [#linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>], operandSegmentSizes = array<i32: 1, 1>}> ({
    ^bb0(%arg2: f32, %arg3: f16):
      %10 = "arith.truncf"(%arg2) : (f32) -> f16
      "linalg.yield"(%10) : (f16) -> ()
    }) : (tensor<2x16x16xf32>, tensor<2x16x16xf16>) -> tensor<2x16x16xf16>
    "func.return"(%9) : (tensor<2x16x16xf16>) -> ()
  }) : () -> ()
}) : () -> ()
