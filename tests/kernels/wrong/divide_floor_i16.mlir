"builtin.module"() ({
  "func.func"() <{sym_name = "main", function_type = (tensor<512xi16>) -> tensor<512xi32>}> ({
  ^bb0(%0: tensor<512xi16>):
    %1 = "npu.undecided"(%0) <{label = "elementwise_0"}> ({
    ^bb0(%2: tensor<512xi16>):
      %3 = "tensor.empty"() : () -> tensor<512xi32>
      %4 = "linalg.generic"(%2, %3) <{indexing_maps = [affine_map<(d0) -> (d0)>, affine_map<(d0) -> (d0)>], iterator_types = [#linalg.iterator_type<parallel>], operandSegmentSizes = array<i32: 1, 1>}> ({
      ^bb0(%arg1: i16, %arg3: i32):
        %arg2 = "arith.constant"() <{value = 1000 : i32}> : () -> i32
        %5 = "arith.sitofp"(%arg1) : (i16) -> f64
        %6 = "arith.sitofp"(%arg2) : (i32) -> f64
        %7 = "arith.divf"(%5, %6) <{fastmath = #arith.fastmath<none>}> : (f64, f64) -> f64
        %8 = "math.floor"(%7) <{fastmath = #arith.fastmath<none>}> : (f64) -> f64
        %9 = "arith.fptosi"(%8) : (f64) -> i32
        "linalg.yield"(%9) : (i32) -> ()
      }) : (tensor<512xi16>, tensor<512xi32>) -> tensor<512xi32>
      "npu.yield"(%4) : (tensor<512xi32>) -> ()
    }) : (tensor<512xi16>) -> tensor<512xi32>
    "func.return"(%1) : (tensor<512xi32>) -> ()
  }) : () -> ()
}) : () -> ()
