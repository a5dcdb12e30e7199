"builtin.module"() ({
  "func.func"() <{sym_name = "main", function_type = (tensor<512xbf16>) -> tensor<512xbf16>}> ({
  ^bb0(%0: tensor<512xbf16>):
    %1 = "npu.undecided"(%0) <{label = "elementwise_0"}> ({
    ^bb0(%2: tensor<512xbf16>):
      %3 = "tensor.empty"() : () -> tensor<512xf32>
      %4 = "linalg.generic"(%2, %3) <{indexing_maps = [affine_map<(d0) -> (d0)>, affine_map<(d0) -> (d0)>], iterator_types = [#linalg.iterator_type<parallel>], operandSegmentSizes = array<i32: 1, 1>}> ({
      ^bb0(%arg8: bf16, %arg9: f32):
        %5 = "arith.extf"(%arg8) : (bf16) -> f32
        "linalg.yield"(%5) : (f32) -> ()
      }) : (tensor<512xbf16>, tensor<512xf32>) -> tensor<512xf32>
      %6 = "arith.constant"() <{value = 1.000000e+00 : f32}> : () -> f32
      %7 = "linalg.generic"(%4, %3) <{indexing_maps = [affine_map<(d0) -> (d0)>, affine_map<(d0) -> (d0)>], iterator_types = [#linalg.iterator_type<parallel>], operandSegmentSizes = array<i32: 1, 1>}> ({
      ^bb0(%arg6: f32, %arg7: f32):
        %8 = "arith.negf"(%arg6) <{fastmath = #arith.fastmath<none>}> : (f32) -> f32
        %9 = "math.exp"(%8) <{fastmath = #arith.fastmath<none>}> : (f32) -> f32
        %10 = "arith.addf"(%9, %6) <{fastmath = #arith.fastmath<none>}> : (f32, f32) -> f32
        %11 = "arith.divf"(%6, %10) <{fastmath = #arith.fastmath<none>}> : (f32, f32) -> f32
        "linalg.yield"(%11) : (f32) -> ()
      }) : (tensor<512xf32>, tensor<512xf32>) -> tensor<512xf32>
      %12 = "linalg.generic"(%4, %7, %3) <{indexing_maps = [affine_map<(d0) -> (d0)>, affine_map<(d0) -> (d0)>, affine_map<(d0) -> (d0)>], iterator_types = [#linalg.iterator_type<parallel>], operandSegmentSizes = array<i32: 2, 1>}> ({
      ^bb0(%arg3: f32, %arg4: f32, %arg5: f32):
        %13 = "arith.mulf"(%arg3, %arg4) <{fastmath = #arith.fastmath<none>}> : (f32, f32) -> f32
        "linalg.yield"(%13) : (f32) -> ()
      }) : (tensor<512xf32>, tensor<512xf32>, tensor<512xf32>) -> tensor<512xf32>
      %14 = "tensor.empty"() : () -> tensor<512xbf16>
      %15 = "linalg.generic"(%12, %14) <{indexing_maps = [affine_map<(d0) -> (d0)>, affine_map<(d0) -> (d0)>], iterator_types = [#linalg.iterator_type<parallel>], operandSegmentSizes = array<i32: 1, 1>}> ({
      ^bb0(%arg1: f32, %arg2: bf16):
        %16 = "arith.truncf"(%arg1) : (f32) -> bf16
        "linalg.yield"(%16) : (bf16) -> ()
      }) : (tensor<512xf32>, tensor<512xbf16>) -> tensor<512xbf16>
      "npu.yield"(%15) : (tensor<512xbf16>) -> ()
    }) : (tensor<512xbf16>) -> tensor<512xbf16>
    "func.return"(%1) : (tensor<512xbf16>) -> ()
  }) : () -> ()
}) : () -> ()
