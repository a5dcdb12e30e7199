func.func @main(%x: tensor<16xi32>, %t: tensor<50x8xf32>) {
  %r = npu.undecided "rows" ins(%x, %t : tensor<16xi32>, tensor<50x8xf32>) -> (tensor<16x8xf32>) {
  ^bb0(%a: tensor<16xi32>, %b: tensor<50x8xf32>):
    %e = tensor.empty() : tensor<16x8xf32>
    %d = linalg.generic {
      indexing_maps = [affine_map<(d0, d1) -> (d0)>, affine_map<(d0, d1) -> (d0, d1)>],
      iterator_types = ["parallel", "parallel"]
    } ins(%a : tensor<16xi32>) outs(%e : tensor<16x8xf32>) {
    ^bb1(%k: i32, %out: f32):
      %j = linalg.index 1 : index
      %i = arith.index_cast %k : i32 to index
      %v = tensor.extract %b[%i, %j] : tensor<50x8xf32>
      linalg.yield %v : f32
    } -> tensor<16x8xf32>
    npu.yield %d : tensor<16x8xf32>
  }
  func.return
}
