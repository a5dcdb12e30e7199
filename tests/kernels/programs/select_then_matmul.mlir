#id = affine_map<(d0, d1) -> (d0, d1)>
func.func @main(%x: tensor<48x128xf32>, %z: tensor<48x128xf32>) -> tensor<48x48xf32> {
  %e = tensor.empty() : tensor<48x128xf32>
  %c = linalg.generic {indexing_maps = [#id, #id, #id], iterator_types = ["parallel", "parallel"]}
      ins(%x, %z : tensor<48x128xf32>, tensor<48x128xf32>) outs(%e : tensor<48x128xf32>) {
  ^bb0(%a: f32, %b: f32, %o: f32):
    %two = arith.constant 2.0 : f32
    %m = arith.mulf %a, %two : f32
    %g = arith.cmpf ogt, %a, %b : f32
    %s = arith.select %g, %m, %b : f32
    linalg.yield %s : f32
  } -> tensor<48x128xf32>
  %t = tensor.empty() : tensor<128x48xf32>
  %r = linalg.transpose ins(%z : tensor<48x128xf32>) outs(%t : tensor<128x48xf32>)
    permutation = [1, 0]
  %zero = arith.constant 0.0 : f32
  %f = tensor.empty() : tensor<48x48xf32>
  %i = linalg.fill ins(%zero : f32) outs(%f : tensor<48x48xf32>) -> tensor<48x48xf32>
  %p = linalg.matmul ins(%c, %r : tensor<48x128xf32>, tensor<128x48xf32>)
    outs(%i : tensor<48x48xf32>) -> tensor<48x48xf32>
  return %p : tensor<48x48xf32>
}
