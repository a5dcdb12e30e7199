func.func @main(%x: tensor<64x128xf32>) -> tensor<64x128xf32> {
  %e = tensor.empty() : tensor<64x128xf32>
  %d = linalg.generic {
    indexing_maps = [affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (i, j)>],
    iterator_types = ["parallel", "parallel"]
  } ins(%x : tensor<64x128xf32>) outs(%e : tensor<64x128xf32>) {
  ^bb0(%in: f32, %out: f32):
    %n = arith.fptosi %in : f32 to i32
    %1 = math.fpowi %in, %n : f32, i32
    linalg.yield %1 : f32
  } -> tensor<64x128xf32>
  return %d : tensor<64x128xf32>
}
