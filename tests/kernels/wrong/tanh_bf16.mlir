"builtin.module"() ({
  "func.func"() <{sym_name = "main", function_type = (tensor<512xbf16>) -> tensor<512xbf16>}> ({
  ^bb0(%0: tensor<512xbf16>):
    %1 = "npu.undecided"(%0) <{label = "elementwise_0"}> ({
    ^bb0(%2: tensor<512xbf16>):
      %3 = "tensor.empty"() : () -> tensor<512xbf16>
      %4 = "linalg.generic"(%2, %3) <{indexing_maps = [affine_map<(d0) -> (d0)>, affine_map<(d0) -> (d0)>], iterator_types = [#linalg.iterator_type<parallel>], operandSegmentSizes = array<i32: 1, 1>}> ({
      ^bb0(%arg1: bf16, %arg2: bf16):
        %5 = "math.tanh"(%arg1) <{fastmath = #arith.fastmath<none>}> : (bf16) -> bf16
        "linalg.yield"(%5) : (bf16) -> ()
      }) : (tensor<512xbf16>, tensor<512xbf16>) -> tensor<512xbf16>
      "npu.yield"(%4) : (tensor<512xbf16>) -> ()
    }) : (tensor<512xbf16>) -> tensor<512xbf16>
    "func.return"(%1) : (tensor<512xbf16>) -> ()
  }) : () -> ()
}) : () -> ()
