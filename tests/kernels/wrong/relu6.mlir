"builtin.module"() ({
  "func.func"() <{sym_name = "main", function_type = (tensor<512xf16>) -> tensor<512xf16>}> ({
  ^bb0(%0: tensor<512xf16>):
    %1 = "npu.undecided"(%0) <{label = "elementwise_0"}> ({
    ^bb0(%2: tensor<512xf16>):
      %3 = "tensor.empty"() : () -> tensor<512xf16>
      %4 = "arith.constant"() <{value = 0.000000e+00 : f16}> : () -> f16
      %5 = "arith.constant"() <{value = 6.000000e+00 : f16}> : () -> f16
      %6 = "linalg.generic"(%2, %3) <{indexing_maps = [affine_map<(d0) -> (d0)>, affine_map<(d0) -> (d0)>], iterator_types = [#linalg.iterator_type<parallel>], operandSegmentSizes = array<i32: 1, 1>}> ({
      ^bb0(%arg1: f16, %arg2: f16):
        %7 = "arith.cmpf"(%arg1, %4) <{fastmath = #arith.fastmath<none>, predicate = 11 : i64}> : (f16, f16) -> i1
        %8 = "arith.select"(%7, %4, %arg1) : (i1, f16, f16) -> f16
        %9 = "arith.cmpf"(%8, %5) <{fastmath = #arith.fastmath<none>, predicate = 9 : i64}> : (f16, f16) -> i1
        %10 = "arith.select"(%9, %5, %8) : (i1, f16, f16) -> f16
        "linalg.yield"(%10) : (f16) -> ()
      }) : (tensor<512xf16>, tensor<512xf16>) -> tensor<512xf16>
      "npu.yield"(%6) : (tensor<512xf16>) -> ()
    }) : (tensor<512xf16>) -> tensor<512xf16>
    "func.return"(%1) : (tensor<512xf16>) -> ()
  }) : () -> ()
}) : () -> ()
