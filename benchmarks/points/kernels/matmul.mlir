// A product of $m x $k by $k x $n in $dtype, summed in the accumulator's dtype.
func.func @main(%a: tensor<$mx$kx$dtype>, %b: tensor<$kx$nx$dtype>) -> tensor<$mx$nx$dtype> {
  %zero = arith.constant 0.0 : $dtype
  %empty = tensor.empty() : tensor<$mx$nx$dtype>
  %init = linalg.fill ins(%zero : $dtype) outs(%empty : tensor<$mx$nx$dtype>) -> tensor<$mx$nx$dtype>
  %out = linalg.matmul ins(%a, %b : tensor<$mx$kx$dtype>, tensor<$kx$nx$dtype>) outs(%init : tensor<$mx$nx$dtype>) -> tensor<$mx$nx$dtype>
  return %out : tensor<$mx$nx$dtype>
}
