"builtin.module"() ({
  "func.func"() <{sym_name = "main", function_type = (tensor<8x1024xf16>) -> tensor<8x1024xf16>}> ({
  ^bb0(%0: tensor<8x1024xf16>):
    %1 = "npu.undecided"(%0) <{label = "rows_0"}> ({
    ^bb0(%2: tensor<8x1024xf16>):
      %3 = "tensor.empty"() : () -> tensor<8x1024xf32>
      %4 = "linalg.generic"(%2, %3) <{indexing_maps = [affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d0, d1)>], iterator_types = [#linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>], operandSegmentSizes = array<i32: 1, 1>}> ({
      ^bb0(%arg39: f16, %arg40: f32):
        %5 = "arith.extf"(%arg39) : (f16) -> f32
        "linalg.yield"(%5) : (f32) -> ()
      }) : (tensor<8x1024xf16>, tensor<8x1024xf32>) -> tensor<8x1024xf32>
      %6 = "tensor.empty"() : () -> tensor<8x1024xf64>
      %7 = "linalg.generic"(%4, %6) <{indexing_maps = [affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d0, d1)>], iterator_types = [#linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>], operandSegmentSizes = array<i32: 1, 1>}> ({
      ^bb0(%arg37: f32, %arg38: f64):
        %8 = "arith.extf"(%arg37) : (f32) -> f64
        "linalg.yield"(%8) : (f64) -> ()
      }) : (tensor<8x1024xf32>, tensor<8x1024xf64>) -> tensor<8x1024xf64>
      %9 = "arith.constant"() <{value = 0.000000e+00 : f64}> : () -> f64
      %10 = "tensor.empty"() : () -> tensor<8x1xf64>
      %11 = "linalg.fill"(%9, %10) <{operandSegmentSizes = array<i32: 1, 1>}> ({
      ^bb0(%arg35: f64, %arg36: f64):
        "linalg.yield"(%arg35) : (f64) -> ()
      }) : (f64, tensor<8x1xf64>) -> tensor<8x1xf64>
      %12 = "linalg.generic"(%7, %11) <{indexing_maps = [affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d0, 0)>], iterator_types = [#linalg.iterator_type<parallel>, #linalg.iterator_type<reduction>], operandSegmentSizes = array<i32: 1, 1>}> ({
      ^bb0(%arg33: f64, %arg34: f64):
        %13 = "arith.addf"(%arg33, %arg34) <{fastmath = #arith.fastmath<none>}> : (f64, f64) -> f64
        "linalg.yield"(%13) : (f64) -> ()
      }) : (tensor<8x1024xf64>, tensor<8x1xf64>) -> tensor<8x1xf64>
      %14 = "arith.constant"() <{value = 1.024000e+03 : f64}> : () -> f64
      %15 = "linalg.generic"(%12, %10) <{indexing_maps = [affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d0, d1)>], iterator_types = [#linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>], operandSegmentSizes = array<i32: 1, 1>}> ({
      ^bb0(%arg31: f64, %arg32: f64):
        %16 = "arith.divf"(%arg31, %14) <{fastmath = #arith.fastmath<none>}> : (f64, f64) -> f64
        "linalg.yield"(%16) : (f64) -> ()
      }) : (tensor<8x1xf64>, tensor<8x1xf64>) -> tensor<8x1xf64>
      %17 = "linalg.generic"(%7, %15, %6) <{indexing_maps = [affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d0, 0)>, affine_map<(d0, d1) -> (d0, d1)>], iterator_types = [#linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>], operandSegmentSizes = array<i32: 2, 1>}> ({
      ^bb0(%arg28: f64, %arg29: f64, %arg30: f64):
        %18 = "arith.subf"(%arg28, %arg29) <{fastmath = #arith.fastmath<none>}> : (f64, f64) -> f64
        "linalg.yield"(%18) : (f64) -> ()
      }) : (tensor<8x1024xf64>, tensor<8x1xf64>, tensor<8x1024xf64>) -> tensor<8x1024xf64>
      %19 = "linalg.generic"(%17, %17, %6) <{indexing_maps = [affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d0, d1)>], iterator_types = [#linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>], operandSegmentSizes = array<i32: 2, 1>}> ({
      ^bb0(%arg25: f64, %arg26: f64, %arg27: f64):
        %20 = "arith.mulf"(%arg25, %arg26) <{fastmath = #arith.fastmath<none>}> : (f64, f64) -> f64
        "linalg.yield"(%20) : (f64) -> ()
      }) : (tensor<8x1024xf64>, tensor<8x1024xf64>, tensor<8x1024xf64>) -> tensor<8x1024xf64>
      %21 = "linalg.generic"(%19, %11) <{indexing_maps = [affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d0, 0)>], iterator_types = [#linalg.iterator_type<parallel>, #linalg.iterator_type<reduction>], operandSegmentSizes = array<i32: 1, 1>}> ({
      ^bb0(%arg23: f64, %arg24: f64):
        %22 = "arith.addf"(%arg23, %arg24) <{fastmath = #arith.fastmath<none>}> : (f64, f64) -> f64
        "linalg.yield"(%22) : (f64) -> ()
      }) : (tensor<8x1024xf64>, tensor<8x1xf64>) -> tensor<8x1xf64>
      %23 = "linalg.generic"(%21, %10) <{indexing_maps = [affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d0, d1)>], iterator_types = [#linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>], operandSegmentSizes = array<i32: 1, 1>}> ({
      ^bb0(%arg21: f64, %arg22: f64):
        %24 = "arith.divf"(%arg21, %14) <{fastmath = #arith.fastmath<none>}> : (f64, f64) -> f64
        "linalg.yield"(%24) : (f64) -> ()
      }) : (tensor<8x1xf64>, tensor<8x1xf64>) -> tensor<8x1xf64>
      %25 = "tensor.empty"() : () -> tensor<8x1xf32>
      %26 = "linalg.generic"(%23, %25) <{indexing_maps = [affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d0, d1)>], iterator_types = [#linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>], operandSegmentSizes = array<i32: 1, 1>}> ({
      ^bb0(%arg19: f64, %arg20: f32):
        %27 = "arith.truncf"(%arg19) : (f64) -> f32
        "linalg.yield"(%27) : (f32) -> ()
      }) : (tensor<8x1xf64>, tensor<8x1xf32>) -> tensor<8x1xf32>
      %28 = "arith.constant"() <{value = 0.000000e+00 : f32}> : () -> f32
      %29 = "linalg.fill"(%28, %25) <{operandSegmentSizes = array<i32: 1, 1>}> ({
      ^bb0(%arg17: f32, %arg18: f32):
        "linalg.yield"(%arg17) : (f32) -> ()
      }) : (f32, tensor<8x1xf32>) -> tensor<8x1xf32>
      %30 = "linalg.generic"(%4, %29) <{indexing_maps = [affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d0, 0)>], iterator_types = [#linalg.iterator_type<parallel>, #linalg.iterator_type<reduction>], operandSegmentSizes = array<i32: 1, 1>}> ({
      ^bb0(%arg15: f32, %arg16: f32):
        %31 = "arith.addf"(%arg15, %arg16) <{fastmath = #arith.fastmath<none>}> : (f32, f32) -> f32
        "linalg.yield"(%31) : (f32) -> ()
      }) : (tensor<8x1024xf32>, tensor<8x1xf32>) -> tensor<8x1xf32>
      %32 = "arith.constant"() <{value = 1.024000e+03 : f32}> : () -> f32
      %33 = "linalg.generic"(%30, %25) <{indexing_maps = [affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d0, d1)>], iterator_types = [#linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>], operandSegmentSizes = array<i32: 1, 1>}> ({
      ^bb0(%arg13: f32, %arg14: f32):
        %34 = "arith.divf"(%arg13, %32) <{fastmath = #arith.fastmath<none>}> : (f32, f32) -> f32
        "linalg.yield"(%34) : (f32) -> ()
      }) : (tensor<8x1xf32>, tensor<8x1xf32>) -> tensor<8x1xf32>
      %35 = "arith.constant"() <{value = 1.000000e-05 : f64}> : () -> f64
      %36 = "linalg.generic"(%26, %25) <{indexing_maps = [affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d0, d1)>], iterator_types = [#linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>], operandSegmentSizes = array<i32: 1, 1>}> ({
      ^bb0(%arg11: f32, %arg12: f32):
        %37 = "arith.truncf"(%35) : (f64) -> f32
        %38 = "arith.addf"(%arg11, %37) <{fastmath = #arith.fastmath<none>}> : (f32, f32) -> f32
        "linalg.yield"(%38) : (f32) -> ()
      }) : (tensor<8x1xf32>, tensor<8x1xf32>) -> tensor<8x1xf32>
      %39 = "linalg.generic"(%36, %25) <{indexing_maps = [affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d0, d1)>], iterator_types = [#linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>], operandSegmentSizes = array<i32: 1, 1>}> ({
      ^bb0(%arg9: f32, %arg10: f32):
        %40 = "math.rsqrt"(%arg9) <{fastmath = #arith.fastmath<none>}> : (f32) -> f32
        "linalg.yield"(%40) : (f32) -> ()
      }) : (tensor<8x1xf32>, tensor<8x1xf32>) -> tensor<8x1xf32>
      %41 = "linalg.generic"(%4, %33, %3) <{indexing_maps = [affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d0, 0)>, affine_map<(d0, d1) -> (d0, d1)>], iterator_types = [#linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>], operandSegmentSizes = array<i32: 2, 1>}> ({
      ^bb0(%arg6: f32, %arg7: f32, %arg8: f32):
        %42 = "arith.subf"(%arg6, %arg7) <{fastmath = #arith.fastmath<none>}> : (f32, f32) -> f32
        "linalg.yield"(%42) : (f32) -> ()
      }) : (tensor<8x1024xf32>, tensor<8x1xf32>, tensor<8x1024xf32>) -> tensor<8x1024xf32>
      %43 = "linalg.generic"(%41, %39, %3) <{indexing_maps = [affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d0, 0)>, affine_map<(d0, d1) -> (d0, d1)>], iterator_types = [#linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>], operandSegmentSizes = array<i32: 2, 1>}> ({
      ^bb0(%arg3: f32, %arg4: f32, %arg5: f32):
        %44 = "arith.mulf"(%arg3, %arg4) <{fastmath = #arith.fastmath<none>}> : (f32, f32) -> f32
        "linalg.yield"(%44) : (f32) -> ()
      }) : (tensor<8x1024xf32>, tensor<8x1xf32>, tensor<8x1024xf32>) -> tensor<8x1024xf32>
      %45 = "tensor.empty"() : () -> tensor<8x1024xf16>
      %46 = "linalg.generic"(%43, %45) <{indexing_maps = [affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d0, d1)>], iterator_types = [#linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>], operandSegmentSizes = array<i32: 1, 1>}> ({
      ^bb0(%arg1: f32, %arg2: f16):
        %47 = "arith.truncf"(%arg1) : (f32) -> f16
        "linalg.yield"(%47) : (f16) -> ()
      }) : (tensor<8x1024xf32>, tensor<8x1024xf16>) -> tensor<8x1024xf16>
      "npu.yield"(%46) : (tensor<8x1024xf16>) -> ()
    }) : (tensor<8x1024xf16>) -> tensor<8x1024xf16>
    "func.return"(%1) : (tensor<8x1024xf16>) -> ()
  }) : () -> ()
}) : () -> ()
