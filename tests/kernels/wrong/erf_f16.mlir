"builtin.module"() ({
  "func.func"() <{sym_name = "main", function_type = (tensor<512xf16>) -> tensor<512xf16>}> ({
  ^bb0(%0: tensor<512xf16>):
    %1 = "npu.undecided"(%0) <{label = "elementwise_0"}> ({
    ^bb0(%2: tensor<512xf16>):
      %3 = "tensor.empty"() : () -> tensor<512xf16>
      %4 = "linalg.generic"(%2, %3) <{indexing_maps = [affine_map<(d0) -> (d0)>, affine_map<(d0) -> (d0)>], iterator_types = [#linalg.iterator_type<parallel>], operandSegmentSizes = array<i32: 1, 1>}> ({
      ^bb0(%arg1: f16, %arg2: f16):
        %5 = "math.erf"(%arg1) <{fastmath = #arith.fastmath<none>}> : (f16) -> f16
        "linalg.yield"(%5) : (f16) -> ()
      }) : (tensor<512xf16>, tensor<512xf16>) -> tensor<512xf16>
      "npu.yield"(%4) : (tensor<512xf16>) -> ()
    }) : (tensor<512xf16>) -> tensor<512xf16>
    "func.return"(%1) : (tensor<512xf16>) -> ()
  }) : () -> ()
}) : () -> ()
