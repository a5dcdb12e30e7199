"builtin.module"() ({
  "func.func"() <{sym_name = "main", function_type = (tensor<8xi32>, tensor<3000x8xf32>) -> tensor<8x8xf32>}> ({
  ^bb0(%0: tensor<8xi32>, %1: tensor<3000x8xf32>):
    %2 = "npu.undecided"(%0, %1) <{label = "gather_0"}> ({
    ^bb0(%3: tensor<8xi32>, %4: tensor<3000x8xf32>):
      %5 = "tensor.empty"() : () -> tensor<8x8xf32>
      %6 = "linalg.generic"(%3, %5) <{indexing_maps = [affine_map<(d0, d1) -> (d0)>, affine_map<(d0, d1) -> (d0, d1)>], iterator_types = [#linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>], operandSegmentSizes = array<i32: 1, 1>}> ({
      ^bb0(%arg2: i32, %arg3: f32):
        %7 = "arith.index_cast"(%arg2) : (i32) -> index
        %8 = "linalg.index"() <{dim = 1 : i64}> : () -> index
        %9 = "tensor.extract"(%4, %7, %8) : (tensor<3000x8xf32>, index, index) -> f32
        "linalg.yield"(%9) : (f32) -> ()
      }) : (tensor<8xi32>, tensor<8x8xf32>) -> tensor<8x8xf32>
      "npu.yield"(%6) : (tensor<8x8xf32>) -> ()
    }) : (tensor<8xi32>, tensor<3000x8xf32>) -> tensor<8x8xf32>
    "func.return"(%2) : (tensor<8x8xf32>) -> ()
  }) : () -> ()
}) : () -> ()
