// A product, in another shape, and something that is added to it.
func.func @main(%x: tensor<8x16xf32>, %w: tensor<16x24xf32>, %b: tensor<24xf32>)
    -> tensor<2x4x24xf32> {
  %0 = arith.constant 0.0 : f32
  %1 = tensor.empty() : tensor<8x24xf32>
  %2 = linalg.fill ins(%0 : f32) outs(%1 : tensor<8x24xf32>) -> tensor<8x24xf32>
  %3 = linalg.matmul ins(%x, %w : tensor<8x16xf32>, tensor<16x24xf32>)
     outs(%2 : tensor<8x24xf32>) -> tensor<8x24xf32>
  %4 = tensor.expand_shape %3 [[0, 1], [2]] output_shape [2, 4, 24]
     : tensor<8x24xf32> into tensor<2x4x24xf32>
  %5 = tensor.empty() : tensor<2x4x24xf32>
  %6 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2) -> (d0, d1, d2)>,
     affine_map<(d0, d1, d2) -> (d2)>, affine_map<(d0, d1, d2) -> (d0, d1, d2)>],
     iterator_types = ["parallel", "parallel", "parallel"]}
     ins(%4, %b : tensor<2x4x24xf32>, tensor<24xf32>) outs(%5 : tensor<2x4x24xf32>) {
  ^bb0(%s: f32, %r: f32, %o: f32):
    %7 = arith.addf %s, %r : f32
    linalg.yield %7 : f32
  } -> tensor<2x4x24xf32>
  return %6 : tensor<2x4x24xf32>
}
