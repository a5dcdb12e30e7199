"builtin.module"() ({
  "func.func"() <{sym_name = "main", function_type = (tensor<512xf16>) -> tensor<512xf16>}> ({
  ^bb0(%0: tensor<512xf16>):
    %1 = "npu.undecided"(%0) <{label = "elementwise_0"}> ({
    ^bb0(%2: tensor<512xf16>):
      %3 = "tensor.empty"() : () -> tensor<512xf16>
      %4 = "arith.constant"() <{value = 2.000000e+00 : f16}> : () -> f16
      %5 = "arith.constant"() <{value = 1.000000e+00 : f16}> : () -> f16
      %6 = "arith.constant"() <{value = 5.000000e-01 : f16}> : () -> f16
      %7 = "linalg.generic"(%2, %3) <{indexing_maps = [affine_map<(d0) -> (d0)>, affine_map<(d0) -> (d0)>], iterator_types = [#linalg.iterator_type<parallel>], operandSegmentSizes = array<i32: 1, 1>}> ({
      ^bb0(%arg1: f16, %arg2: f16):
        %8 = "math.sqrt"(%4) <{fastmath = #arith.fastmath<none>}> : (f16) -> f16
        %9 = "arith.divf"(%arg1, %8) <{fastmath = #arith.fastmath<none>}> : (f16, f16) -> f16
        %10 = "math.erf"(%9) <{fastmath = #arith.fastmath<none>}> : (f16) -> f16
        %11 = "arith.addf"(%10, %5) <{fastmath = #arith.fastmath<none>}> : (f16, f16) -> f16
        %12 = "arith.mulf"(%11, %6) <{fastmath = #arith.fastmath<none>}> : (f16, f16) -> f16
        %13 = "arith.mulf"(%arg1, %12) <{fastmath = #arith.fastmath<none>}> : (f16, f16) -> f16
        "linalg.yield"(%13) : (f16) -> ()
      }) : (tensor<512xf16>, tensor<512xf16>) -> tensor<512xf16>
      "npu.yield"(%7) : (tensor<512xf16>) -> ()
    }) : (tensor<512xf16>) -> tensor<512xf16>
    "func.return"(%1) : (tensor<512xf16>) -> ()
  }) : () -> ()
}) : () -> ()
