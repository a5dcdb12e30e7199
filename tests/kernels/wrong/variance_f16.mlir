"builtin.module"() ({
  "func.func"() <{sym_name = "main", function_type = (tensor<8x1024xf16>) -> tensor<8x1xf16>}> ({
  ^bb0(%0: tensor<8x1024xf16>):
    %1 = "npu.undecided"(%0) <{label = "rows_0"}> ({
    ^bb0(%2: tensor<8x1024xf16>):
      %3 = "tensor.empty"() : () -> tensor<8x1024xf64>
      %4 = "linalg.generic"(%2, %3) <{indexing_maps = [affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d0, d1)>], iterator_types = [#linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>], operandSegmentSizes = array<i32: 1, 1>}> ({
      ^bb0(%arg19: f16, %arg20: f64):
        %5 = "arith.extf"(%arg19) : (f16) -> f64
        "linalg.yield"(%5) : (f64) -> ()
      }) : (tensor<8x1024xf16>, tensor<8x1024xf64>) -> tensor<8x1024xf64>
      %6 = "arith.constant"() <{value = 0.000000e+00 : f64}> : () -> f64
      %7 = "tensor.empty"() : () -> tensor<8x1xf64>
      %8 = "linalg.fill"(%6, %7) <{operandSegmentSizes = array<i32: 1, 1>}> ({
      ^bb0(%arg17: f64, %arg18: f64):
        "linalg.yield"(%arg17) : (f64) -> ()
      }) : (f64, tensor<8x1xf64>) -> tensor<8x1xf64>
      %9 = "linalg.generic"(%4, %8) <{indexing_maps = [affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d0, 0)>], iterator_types = [#linalg.iterator_type<parallel>, #linalg.iterator_type<reduction>], operandSegmentSizes = array<i32: 1, 1>}> ({
      ^bb0(%arg15: f64, %arg16: f64):
        %10 = "arith.addf"(%arg15, %arg16) <{fastmath = #arith.fastmath<none>}> : (f64, f64) -> f64
        "linalg.yield"(%10) : (f64) -> ()
      }) : (tensor<8x1024xf64>, tensor<8x1xf64>) -> tensor<8x1xf64>
      %11 = "arith.constant"() <{value = 1.024000e+03 : f64}> : () -> f64
      %12 = "linalg.generic"(%9, %7) <{indexing_maps = [affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d0, d1)>], iterator_types = [#linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>], operandSegmentSizes = array<i32: 1, 1>}> ({
      ^bb0(%arg13: f64, %arg14: f64):
        %13 = "arith.divf"(%arg13, %11) <{fastmath = #arith.fastmath<none>}> : (f64, f64) -> f64
        "linalg.yield"(%13) : (f64) -> ()
      }) : (tensor<8x1xf64>, tensor<8x1xf64>) -> tensor<8x1xf64>
      %14 = "linalg.generic"(%4, %12, %3) <{indexing_maps = [affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d0, 0)>, affine_map<(d0, d1) -> (d0, d1)>], iterator_types = [#linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>], operandSegmentSizes = array<i32: 2, 1>}> ({
      ^bb0(%arg10: f64, %arg11: f64, %arg12: f64):
        %15 = "arith.subf"(%arg10, %arg11) <{fastmath = #arith.fastmath<none>}> : (f64, f64) -> f64
        "linalg.yield"(%15) : (f64) -> ()
      }) : (tensor<8x1024xf64>, tensor<8x1xf64>, tensor<8x1024xf64>) -> tensor<8x1024xf64>
      %16 = "linalg.generic"(%14, %14, %3) <{indexing_maps = [affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d0, d1)>], iterator_types = [#linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>], operandSegmentSizes = array<i32: 2, 1>}> ({
      ^bb0(%arg7: f64, %arg8: f64, %arg9: f64):
        %17 = "arith.mulf"(%arg7, %arg8) <{fastmath = #arith.fastmath<none>}> : (f64, f64) -> f64
        "linalg.yield"(%17) : (f64) -> ()
      }) : (tensor<8x1024xf64>, tensor<8x1024xf64>, tensor<8x1024xf64>) -> tensor<8x1024xf64>
      %18 = "linalg.generic"(%16, %8) <{indexing_maps = [affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d0, 0)>], iterator_types = [#linalg.iterator_type<parallel>, #linalg.iterator_type<reduction>], operandSegmentSizes = array<i32: 1, 1>}> ({
      ^bb0(%arg5: f64, %arg6: f64):
        %19 = "arith.addf"(%arg5, %arg6) <{fastmath = #arith.fastmath<none>}> : (f64, f64) -> f64
        "linalg.yield"(%19) : (f64) -> ()
      }) : (tensor<8x1024xf64>, tensor<8x1xf64>) -> tensor<8x1xf64>
      %20 = "arith.constant"() <{value = 1.023000e+03 : f64}> : () -> f64
      %21 = "linalg.generic"(%18, %7) <{indexing_maps = [affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d0, d1)>], iterator_types = [#linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>], operandSegmentSizes = array<i32: 1, 1>}> ({
      ^bb0(%arg3: f64, %arg4: f64):
        %22 = "arith.divf"(%arg3, %20) <{fastmath = #arith.fastmath<none>}> : (f64, f64) -> f64
        "linalg.yield"(%22) : (f64) -> ()
      }) : (tensor<8x1xf64>, tensor<8x1xf64>) -> tensor<8x1xf64>
      %23 = "tensor.empty"() : () -> tensor<8x1xf16>
      %24 = "linalg.generic"(%21, %23) <{indexing_maps = [affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d0, d1)>], iterator_types = [#linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>], operandSegmentSizes = array<i32: 1, 1>}> ({
      ^bb0(%arg1: f64, %arg2: f16):
        %25 = "arith.truncf"(%arg1) : (f64) -> f16
        "linalg.yield"(%25) : (f16) -> ()
      }) : (tensor<8x1xf64>, tensor<8x1xf16>) -> tensor<8x1xf16>
      "npu.yield"(%24) : (tensor<8x1xf16>) -> ()
    }) : (tensor<8x1024xf16>) -> tensor<8x1xf16>
    "func.return"(%1) : (tensor<8x1xf16>) -> ()
  }) : () -> ()
}) : () -> ()
