// A product, the exponential of its elements in a row, and a product of that: three stages of a launch.
func.func @main(%x: tensor<64x64xf32>, %w: tensor<64x64xf32>) -> tensor<64x64xf32> {
  %p = npu.launch @product(%x, %w) : (tensor<64x64xf32>, tensor<64x64xf32>) -> tensor<64x64xf32>
  %f = tensor.collapse_shape %p [[0, 1]] : tensor<64x64xf32> into tensor<4096xf32>
  %e = npu.launch @powers(%f) joins <barrier> : (tensor<4096xf32>) -> tensor<4096xf32>
  %g = tensor.expand_shape %e [[0, 1]] output_shape [64, 64] : tensor<4096xf32> into tensor<64x64xf32>
  %y = npu.launch @product(%g, %w) joins <barrier> : (tensor<64x64xf32>, tensor<64x64xf32>) -> tensor<64x64xf32>
  func.return %y : tensor<64x64xf32>
}
