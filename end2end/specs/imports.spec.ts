/** Conversations that people had elsewhere, brought on the account's page; with and without JavaScript. */
import { expect, test } from '../fixtures';

const turn = (id: string, parent: string | null, role: string, text: string) => [
  id,
  { id, parent, children: [], message: { id, author: { role }, create_time: 1_700_000_000, content: { content_type: 'text', parts: [text] }, metadata: {}, recipient: 'all' } },
];
const CHATS = [{
  id: 'c1', title: 'Tides at Brest', create_time: 1_700_000_000, update_time: 1_700_000_100, current_node: 'b',
  mapping: Object.fromEntries([turn('s', null, 'system', 'x'), turn('a', 's', 'user', 'How high?'), turn('b', 'a', 'assistant', 'Seven **metres**.'), turn('c', 'a', 'assistant', 'Eight.')]),
}, { id: 'c2', title: 'Nothing', mapping: {} }];

test('a file of conversations is brought, told of, and not taken twice @both', async ({ page, signedIn, complaints }) => {
  void signedIn;
  complaints.allow(/status of 422/);
  await page.goto('/account');
  await page.getByRole('link', { name: 'Import conversations' }).click();
  const bring = async (content: string) => {
    await page.getByLabel('File', { exact: true }).setInputFiles({ name: 'conversations.json', mimeType: 'application/json', buffer: Buffer.from(content) });
    await page.getByRole('button', { name: 'Import conversations' }).click();
  };
  await bring('nonsense');
  await expect(page.getByRole('alert')).toContainText('not well-formed JSON');
  await bring(JSON.stringify(CHATS));
  await expect(page.getByRole('main').getByRole('status').first()).toContainText('1 taken, 1 left out');
  await expect(page.getByText('Nothing was said in it.')).toBeVisible();
  await bring(JSON.stringify(CHATS));
  await expect(page.getByRole('main').getByRole('status').first()).toContainText('1 here already');
  await page.getByRole('main').getByRole('link', { name: 'Tides at Brest' }).click();
  await expect(page.locator('strong', { hasText: 'metres' })).toBeVisible();
});
